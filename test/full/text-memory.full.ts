/**
 * What the full-size text tower's isolate holds when it has taken on as many requests as it does, of texts with all
 * tokens of the vocabulary.
 */
import type { V4WorkerOptions } from "miniflare";
import { afterEach, expect, it } from "vitest";
import { fullSizeModel } from "../support/models/full-size.ts";
import { peakMemory } from "../support/memory/peak-memory.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

/** Most bytes that an isolate may hold; the platform's limit is 128 MB. */
const LIMIT_BYTES = 120_000_000;

/** Asks the tower for texts of 75 different tokens, for 40 seconds; then it has left. */
const ASKER: V4WorkerOptions = {
  name: "asker",
  modules: [
    {
      type: "ESModule",
      path: "asker.js",
      contents: `
const POSITIONS = 75;
const ROWS = 49_408;
const STEP = 263;

export default {
  async fetch(request, env) {
    const { texts, first, priority } = await request.json();
    // Neighbours are of different chunks.
    const ids = Int32Array.from({ length: texts * POSITIONS }, (_, at) => ((first + at) * STEP) % ROWS);
    const until = Date.now() + 40_000;
    const result = await env.TEXT.embedTokens(ids, Array(texts).fill(POSITIONS), () => Date.now() < until, "asker", priority);
    return Response.json(result.ok ? "done" : result.error.message);
  },
};`,
    },
  ],
  compatibilityDate: "2026-10-20",
  serviceBindings: { TEXT: "edgeclip-text" },
  unsafeDirectSockets: [{}],
};

let workers: Workers;

afterEach(async () => {
  await workers.dispose();
});

it.runIf(process.env["SMOKE"] !== "1").each(["simd", "ort"] as const)(
  "stays below the limit on %s",
  async (engine) => {
    workers = await startWorkers({ engine, model: await fullSizeModel(256), add: [ASKER] });
    const url = await workers.miniflare.unsafeGetDirectURL("asker");
    let first = 0;
    const ask = async (texts: number, priority: string): Promise<string> => {
      const body = JSON.stringify({ texts, first: (first += 7_001), priority });
      return (await (await fetch(url, { method: "POST", body })).json()) as string;
    };
    const many = (count: number, texts: number, priority = "interactive") =>
      Array.from({ length: count }, () => ask(texts, priority));
    let answers: string[] = [];
    const peaks = await peakMemory(workers, async () => {
      answers = await Promise.all([
        ...many(2, 700),
        ...many(14, 300),
        ...many(4, 2_048),
        ...many(8, 512, "background"),
        ...many(16, 1),
      ]);
    });
    const counts = Map.groupBy(answers, (answer) => answer);
    for (const [answer, { length }] of counts) console.log(`${length}: ${answer}`);
    const {
      total = 0,
      wasmBytes = 0,
      backingStorageBytes = 0,
      heapBytes = 0,
    } = peaks.get("edgeclip-text") ?? {};
    const shown = [wasmBytes, backingStorageBytes, heapBytes, total].map((each) => (each / 1e6).toFixed(1));
    console.log(`WASM, buffers, heap, all: ${shown.join(", ")} MB`);
    expect(total).toBeGreaterThan(60e6);
    expect(total).toBeLessThan(LIMIT_BYTES);
  },
);
