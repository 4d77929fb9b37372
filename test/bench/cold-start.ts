/**
 * `npm run bench:cold-start [-- <rounds>]`: from nothing loaded to the first embedding of the full-size model, against
 * an R2 with 40 ms to the first byte and 30 MB/s a read; then warm. The deployed Workers and the naive one take turns,
 * so that the machine's noise falls on both; medians and ratios are printed.
 */
import { join } from "node:path";
import baseW from "../fixtures/reference/base_w.json" with { type: "json" };
import { readCommandLine } from "../../build/command-line/command.ts";
import { wholeNumber } from "../../build/command-line/values.ts";
import { syntheticInput } from "../../build/synthetic/synthetic-tensor.ts";
import { readManifest } from "../../scripts/models/models-in-r2.ts";
import { buildSynthetic } from "../support/synthetic-model.ts";
import setup, { bundleWorker } from "../support/bundle-workers.ts";
import { fullSizeModel } from "../support/full-size.ts";
import { behindSlowR2, SLOW_R2 } from "../support/slow-r2.ts";
import { startWorkers, type Workers, workerOptions } from "../support/workers.ts";
import { median } from "./harness/statistics.ts";

const SIZE = 256;
const WARM_RUNS = 5;
const NAIVE = "test/bench/naive/wrangler.toml";
const SHORT_TEXT = 5;
const CACHE = join(import.meta.dirname, "../../.cache/full-size");

interface Sample {
  cold: number;
  warm: number;
}

async function time(call: () => Promise<Response>): Promise<number> {
  const start = performance.now();
  const response = await call();
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`status ${response.status}`);
  return performance.now() - start;
}

async function sample(call: () => Promise<Response>): Promise<Sample> {
  const cold = await time(call);
  const warm: number[] = [];
  for (let i = 0; i < WARM_RUNS; i++) warm.push(await time(call));
  return { cold, warm: median(warm) };
}

const pixels = syntheticInput(`input:${SIZE}`, 3 * SIZE * SIZE);
const embedImage = (workers: Workers): Promise<Response> =>
  workers.probe(`/tensor?height=${SIZE}&width=${SIZE}`, pixels);

function embedTexts(workers: Workers, ids: number[], count: number): Promise<Response> {
  const lengths = Array.from({ length: count }, () => ids.length);
  return workers.probe(`/tokens?lengths=${lengths.join(",")}`, Int32Array.from(lengths.flatMap(() => ids)));
}

async function deployed(
  model: string,
): Promise<{ image: Sample; text: Sample; texts: Record<string, number> }> {
  const workers = await startWorkers({
    model,
    change: (name, options) => (/vision|text/.test(name) ? behindSlowR2(options) : options),
    add: [SLOW_R2],
  });
  try {
    const long = baseW.texts.find(({ ids }) => ids.length === 77)?.ids ?? [];
    const short = [...long.slice(0, SHORT_TEXT - 1), long.at(-1) ?? 0];
    const image = await sample(() => embedImage(workers));
    const text = await sample(() => embedTexts(workers, short, 1));
    await time(() => embedTexts(workers, long, 1));
    return {
      image,
      text,
      texts: {
        long: (await sample(() => embedTexts(workers, long, 1))).warm,
        hundred: (await sample(() => embedTexts(workers, short, 100))).warm / 100,
      },
    };
  } finally {
    await workers.dispose();
  }
}

async function naive(model: string): Promise<Sample> {
  const options = await workerOptions(NAIVE);
  const manifest = await readManifest(model);
  const workers = await startWorkers({
    model,
    // Its one shard is more than a stage of the deployed tower may hold; only the naive Worker is asked.
    stages: 1,
    add: [
      SLOW_R2,
      behindSlowR2({ ...options, bindings: { PREFIX: `${manifest.alias}/${manifest.revision}` } }),
    ],
  });
  try {
    const url = await workers.miniflare.unsafeGetDirectURL("naive");
    return await sample(() => fetch(new URL(`/?size=${SIZE}`, url), { method: "POST", body: pixels }));
  } finally {
    await workers.dispose();
  }
}

const rounds = readCommandLine(
  {
    usage: "npm run bench:cold-start -- [rounds]",
    about: "From nothing loaded to the first embedding of the full-size model; 3 rounds unless given.",
    words: ["[rounds]"],
  },
  (_, [count = "3"]) => wholeNumber("the number of rounds", count),
);
await setup();
await bundleWorker(NAIVE);
const model = await fullSizeModel(SIZE);
const { out: whole } = await buildSynthetic("base_w", join(CACHE, "whole"), { shardBytes: Infinity });
const ours: Awaited<ReturnType<typeof deployed>>[] = [];
const theirs: Sample[] = [];
for (let round = 0; round < rounds; round++) {
  ours.push(await deployed(model));
  theirs.push(await naive(whole));
}
const milliseconds = (value: number): string => `${value.toFixed(0).padStart(6)} ms`;
const rows: [string, number, number][] = [
  ["image, cold", median(ours.map(({ image }) => image.cold)), median(theirs.map(({ cold }) => cold))],
  ["image, warm", median(ours.map(({ image }) => image.warm)), median(theirs.map(({ warm }) => warm))],
];
console.log(`medians of ${rounds} rounds`.padEnd(26) + "deployed     naive   ratio");
for (const [what, our, their] of rows) {
  console.log(
    `  ${what.padEnd(20)}${milliseconds(our)} ${milliseconds(their)}   ${(our / their).toFixed(2)}`,
  );
}
const short = median(ours.map(({ text }) => text.warm));
const long = median(ours.map(({ texts }) => texts["long"] ?? 0));
console.log(`  text of ${SHORT_TEXT}, cold    ${milliseconds(median(ours.map(({ text }) => text.cold)))}`);
console.log(`  text of ${SHORT_TEXT}, warm    ${milliseconds(short)}`);
console.log(`  text of 77, warm   ${milliseconds(long)}   5 against 77 tokens: ${(short / long).toFixed(2)}`);
console.log(
  `  100 texts of ${SHORT_TEXT}, each ${milliseconds(median(ours.map(({ texts }) => texts["hundred"] ?? 0)))}`,
);
process.exit(0);
