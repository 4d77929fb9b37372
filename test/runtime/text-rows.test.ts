/** What the text tower holds of the token table for many large requests at once, and how often it reads it. */
import { expect, it, vi } from "vitest";
import { Admission } from "../../functions/runtime/sharing/admission.ts";
import { SignOfLife } from "../../functions/runtime/sharing/sign-of-life.ts";
import { SourceReport } from "../../functions/runtime/model-store/source-report.ts";
import type { LoadedManifest } from "../../functions/runtime/model-store/load-manifest.ts";
import type { Engine } from "../../functions/runtime/tower/engine.ts";
import { TextTower } from "../../functions/text/resident-text-tower.ts";
import { RowRoom } from "../../functions/text/row-room.ts";
import { windowOf } from "../../functions/text/steps.ts";
import {
  bytesHeld,
  CHUNKS,
  numberedTable,
  numberOf,
  ROWS,
  tableBytes,
  WIDTH,
} from "./support/numbered-table.ts";
import { provideScheduler } from "../../scripts/towers/provide-scheduler.ts";

const POSITIONS = 75;

let gets = 0;

/** A text's vector has the number of its first token, that of its last, and 1, before it is made as long as 1. */
const ENGINE = {
  memoryBytes: 0,
  dot: undefined,
  textPositions: 36,
  aborted: false,
  load: async () => {},
  runTexts: ({ data }: { data: Float32Array }, lengths: readonly number[]) => {
    let start = 0;
    const vectors = lengths.flatMap((length) => {
      const first = start;
      start += length;
      return [numberOf(data, first), numberOf(data, start - 1), 1];
    });
    return { data: Float32Array.from(vectors), shape: [lengths.length, 3] };
  },
} as unknown as Engine;

function newTower(): TextTower {
  const bucket = {
    get: async (_: string, options?: { range?: { offset: number; length: number } }) => {
      gets++;
      const { offset = 0, length = 0 } = options?.range ?? {};
      const piece = tableBytes.slice(offset, offset + length);
      const body = new ReadableStream({
        type: "bytes",
        start(controller: ReadableByteStreamController) {
          controller.enqueue(piece);
          controller.close();
        },
      });
      return { size: tableBytes.length, body };
    },
  };
  const manifest = {
    revision: "r",
    embedding_width: 3,
    text: {
      shards: [{ inputs: [{ shape: [1, "length", WIDTH] }] }],
      context_length: 77,
      vocab_size: ROWS,
      layers: 12,
      width: WIDTH,
      token_embedding: numberedTable,
    },
  };
  const loaded = { manifest, report: new SourceReport() } as unknown as LoadedManifest;
  const env = { MODELS: bucket as unknown as R2Bucket, MODEL: "a@0123456789abcdef" };
  const rooms = {
    answers: { large: 11_000_000, background: 12_000_000 },
    rows: 8_000_000,
    chunks: 8_000_000,
  };
  return new TextTower(() => ENGINE, rooms, loaded, env);
}

provideScheduler();

/** Texts whose tokens are all different. */
const idsOf = (texts: number, first: number): Int32Array =>
  Int32Array.from({ length: texts * POSITIONS }, (_, at) => (first + at) % ROWS);

function expectVectors(embeddings: Float32Array, ids: Int32Array): void {
  for (let text = 0; text < ids.length / POSITIONS; text++) {
    const vector = [ids[text * POSITIONS] ?? 0, ids[(text + 1) * POSITIONS - 1] ?? 0, 1];
    const length = Math.hypot(...vector);
    for (const [at, value] of vector.entries())
      expect(embeddings[3 * text + at]).toBeCloseTo(value / length, 5);
  }
}

it("holds a few texts' rows each for all requests that it takes on", { timeout: 120_000 }, async () => {
  const tower = newTower();
  const before = await bytesHeld();
  let most = 0;
  let asked = 0;
  const wanted = async (): Promise<boolean> => {
    if (asked++ % 100 === 0) most = Math.max(most, await bytesHeld());
    return true;
  };
  const texts = 60;
  const lengths = Array.from({ length: texts }, () => POSITIONS);
  const requests = Array.from({ length: 24 }, async (_, request) => {
    const ids = idsOf(texts, request * texts * POSITIONS);
    const priority = request < 16 ? "interactive" : "background";
    const { embeddings } = await tower.embedTokens(ids, lengths, wanted, () => {}, priority);
    return { ids, embeddings };
  });
  for (const { ids, embeddings } of await Promise.all(requests)) expectVectors(embeddings, ids);
  // All rows of all requests are 70 MB. Chunks that are read and kept are 16 MB.
  expect((most - before) / 1e6).toBeLessThan(35);
});

it("reads a chunk about once for a request that needs all of them", { timeout: 120_000 }, async () => {
  const tower = newTower();
  const texts = Math.floor(ROWS / POSITIONS);
  const ids = idsOf(texts, 0);
  gets = 0;
  const lengths = Array.from({ length: texts }, () => POSITIONS);
  const { embeddings } = await tower.embedTokens(
    ids,
    lengths,
    () => true,
    () => {},
  );
  expectVectors(embeddings, ids);
  expect(gets).toBeLessThanOrEqual(CHUNKS + 10);
});

it.each([
  ["int8", 64_000],
  ["float32", 77 * 2560],
])("has room for rows of 40 requests, however many want more (%s)", (_, each) => {
  const room = new RowRoom(8_000_000, 40, each);
  let total = 0;
  for (let request = 0; request < 40; request++) {
    const life = new SignOfLife();
    const most = room.mostFor(life);
    expect(most).toBeGreaterThanOrEqual(each);
    room.take(life, most);
    total += most;
  }
  expect(total).toBeLessThanOrEqual(8_000_000);
});

it("gives the room of a request that has let it go to others", () => {
  const room = new RowRoom(1_000, 2, 100);
  const [first, second] = [new SignOfLife(), new SignOfLife()];
  expect(room.mostFor(first)).toBe(500);
  room.take(first, 500);
  expect([room.mostFor(second), room.mostFor(first)]).toEqual([300, 500]);
  room.take(first, 0);
  expect(room.mostFor(second)).toBe(500);
});

it("gives the room of a request that has been silent for 20 seconds to others", () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const room = new RowRoom(1_000, 2, 100);
  const [gone, other] = [new SignOfLife(), new SignOfLife()];
  room.take(gone, 500);
  vi.setSystemTime(Date.now() + 20_000);
  expect(room.mostFor(other)).toBe(300);
  vi.setSystemTime(Date.now() + 1);
  expect(room.mostFor(other)).toBe(500);
  vi.useRealTimers();
});

it("cuts texts into windows of a few different tokens", () => {
  const ids = Int32Array.of(1, 2, 3, 1, 2, 1, 4, 5, 6, 7, 8);
  expect(windowOf(ids, [3, 2, 3, 3], 4)).toEqual({ texts: 2, positions: 5, rows: 3 });
  expect(windowOf(ids, [3, 2, 3, 3], 5)).toEqual({ texts: 3, positions: 8, rows: 5 });
  expect(windowOf(ids, [3, 2, 3, 3], 1)).toEqual({ texts: 1, positions: 3, rows: 3 });
});

it("refuses large requests whose answers have no room, not small ones", async () => {
  const admission = new Admission(16, { rooms: { large: 11_000_000 } });
  const { promise, resolve } = Promise.withResolvers<void>();
  const work = async (): Promise<string> => {
    await promise;
    return "done";
  };
  const first = [admission.admit("large", work, 20_000_000)];
  await expect(admission.admit("large", work, 1)).rejects.toMatchObject({ code: "overloaded" });
  const small = admission.admit("small", work, 1_000);
  resolve();
  expect(await Promise.all([...first, small])).toEqual(["done", "done"]);
  expect(await admission.admit("large", work, 1)).toBe("done");
});
