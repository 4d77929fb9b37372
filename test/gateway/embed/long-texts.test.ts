/** Long texts go to the text tower in several calls, because each call has a limit of CPU time. */
import { beforeEach, expect, it, vi } from "vitest";
import type { Manifest } from "../../../model-shards/manifest.ts";
import { computePrompts, MAX_POSITIONS, type TextCall } from "../../../functions/embed/compute-prompts.ts";
import { type EmbedContext, textCall } from "../../../functions/gateway/embed/embed-context.ts";
import { MAX_INPUTS } from "../../../functions/gateway/limits.ts";
import type { TextRpc } from "../../../functions/runtime/rpc.ts";
import { ClientGoneError } from "../../../functions/runtime/sharing/wanted.ts";
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

/** Milliseconds of each pause that is more than a turn for others. */
let waits: number[] = [];

beforeEach(() => {
  waits = [];
  const wait = async (milliseconds: number): Promise<void> => {
    if (milliseconds > 0) waits.push(milliseconds);
  };
  Object.assign(globalThis, { scheduler: { wait } });
});

/**
 * A tower whose vectors are made of a text's tokens.
 * @param refused calls for which it has no place, by index
 */
function tower(refused: (call: number) => boolean = () => false): { calls: number[][]; call: TextCall } {
  const calls: number[][] = [];
  const embedTokens: TextRpc["embedTokens"] = async (ids, lengths) => {
    calls.push(lengths);
    if (refused(calls.length - 1)) return { ok: false, error: { code: "overloaded", message: "busy" } };
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

it("waits for a place for its further calls, and keeps what is computed", async () => {
  const [busy, free] = [tower((call) => [1, 2, 4].includes(call)), tower()];
  const items = longTexts(MAX_INPUTS);
  const computed = await computePrompts(items, busy.call);
  expect(computed).toEqual(await computePrompts(items, free.call));
  expect(busy.calls).toHaveLength(3 + free.calls.length);
  expect(waits).toEqual([1_000, 2_000, 4_000]);
});

it("fails if there is no place in 20 seconds, and at once for the first call or a client that has left", async () => {
  const full = tower((call) => call > 0);
  const computed = computePrompts(longTexts(MAX_INPUTS), full.call);
  await expect(computed).rejects.toMatchObject({ code: "overloaded", message: "busy" });
  expect(waits.reduce((sum, milliseconds) => sum + milliseconds, 0)).toBe(20_000);
  waits = [];
  const first = tower(() => true);
  await expect(computePrompts(longTexts(8), first.call)).rejects.toMatchObject({ message: "busy" });
  expect([first.calls.length, waits]).toEqual([1, []]);
  const left = tower((call) => call > 0);
  const call = { ...left.call, maxPositions: CONTEXT, wanted: () => left.calls.length < 2 };
  await expect(computePrompts(longTexts(8), call)).rejects.toBeInstanceOf(ClientGoneError);
  expect([left.calls.length, waits]).toEqual([2, [1_000]]);
});

it("leaves it to the part of a batch to cut the texts of its lines", () => {
  const context = { manifest, towers: {}, requestId: "line" } as unknown as EmbedContext;
  expect(textCall(context).maxPositions).toBeUndefined();
  const pictureWatch = { begin: () => {}, end: () => {} };
  expect(textCall({ ...context, pictureWatch }).maxPositions).toBe(Infinity);
});
