/** Long texts go to the text tower in several calls, because each call has a limit of CPU time. */
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, it, vi } from "vitest";
import type { Manifest } from "../../../model-shards/manifest.ts";
import { computePrompts, MAX_POSITIONS, type TextCall } from "../../../functions/embed/compute-prompts.ts";
import { type EmbedContext, textCall } from "../../../functions/gateway/embed/embed-context.ts";
import { MAX_INPUTS } from "../../../functions/gateway/limits.ts";
import type { TextRpc } from "../../../functions/runtime/rpc.ts";
import { cleanText } from "../../../functions/runtime/tokenizer/clean-text.ts";

vi.mock("../../../model-shards/clip-bpe.bin", async () => {
  const { packedVocabulary } = await import("../../support/models/node-tokenizer.ts");
  return { default: await packedVocabulary() };
});

const CONTEXT = 77;
const WIDTH = 3;
const manifest = {
  revision: "r",
  embedding_width: WIDTH,
  text: { context_length: CONTEXT },
} as Manifest;

beforeAll(() => {
  // Workers have this function, and Node has it under another name.
  (globalThis as Record<string, unknown>)["scheduler"] ??= { wait: sleep };
});

/** A tower whose vectors are made of a text's tokens. */
function tower(): { calls: number[][]; call: TextCall } {
  const calls: number[][] = [];
  const embedTokens: TextRpc["embedTokens"] = async (ids, lengths) => {
    calls.push(lengths);
    let end = 0;
    const rows = lengths.flatMap((length) => {
      const own = ids.subarray(end, (end += length));
      return [own[1] ?? 0, own[2] ?? 0, own[3] ?? 0];
    });
    return { ok: true, value: { revision: "r", embeddings: Float32Array.from(rows) } };
  };
  const call = { manifest, text: { embedTokens }, requestId: "request", wanted: () => true };
  return { calls, call };
}

/** Each is a text of all positions, and every other one has a second prompt that another has, too. */
function longTexts(count: number) {
  const texts = Array.from({ length: count }, (_, index) => cleanText(`${index} ${"fox ".repeat(100)}`));
  return new Map(
    texts.map((text, index) => [index, index % 2 === 0 ? [text] : [text, texts[count - index] ?? text]]),
  );
}

it("has three calls for as many texts of all positions as a request may have, with the same vectors", async () => {
  const [several, one] = [tower(), tower()];
  const items = longTexts(MAX_INPUTS);
  const computed = await computePrompts(items, several.call);
  expect(several.calls.flat()).toEqual(Array.from({ length: MAX_INPUTS }, () => CONTEXT));
  expect(several.calls).toHaveLength(3);
  for (const lengths of several.calls) expect(lengths.length * CONTEXT).toBeLessThanOrEqual(MAX_POSITIONS);
  const together = await computePrompts(items, { ...one.call, maxPositions: Infinity });
  expect(one.calls).toHaveLength(1);
  expect(computed).toEqual(together);
  expect(computed.get(0)).toMatchObject({ tokens: CONTEXT, truncated: true });
  expect(computed.get(1)).toMatchObject({ tokens: 2 * CONTEXT });
});

it("has one call for texts of a few words, and for what fits exactly", async () => {
  const short = tower();
  const words = Array.from(
    { length: MAX_INPUTS },
    (_, index) => [index, [cleanText(`fox ${index}`)]] as const,
  );
  await computePrompts(new Map(words), short.call);
  expect(short.calls).toHaveLength(1);
  const exact = tower();
  await computePrompts(longTexts(8), { ...exact.call, maxPositions: 4 * CONTEXT });
  expect(exact.calls.map(({ length }) => length)).toEqual([4, 4]);
});

it("fails if a call in the middle does", async () => {
  const { calls, call } = tower();
  const { embedTokens } = call.text;
  const text: TextCall["text"] = {
    embedTokens: async (...parameters) =>
      calls.length === 1
        ? { ok: false, error: { code: "overloaded", message: "busy" } }
        : await embedTokens(...parameters),
  };
  const computed = computePrompts(longTexts(MAX_INPUTS), { ...call, text });
  await expect(computed).rejects.toMatchObject({ code: "overloaded" });
});

it("leaves it to the part of a batch to cut the texts of its lines", () => {
  const context = { manifest, towers: {}, requestId: "line" } as unknown as EmbedContext;
  expect(textCall(context).maxPositions).toBeUndefined();
  const pictureWatch = { begin: () => {}, end: () => {} };
  expect(textCall({ ...context, pictureWatch }).maxPositions).toBe(Infinity);
});
