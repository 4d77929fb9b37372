/**
 * `npm run bench:cold-start [-- <rounds>]`: from nothing loaded to the first embedding of the full-size model, on both
 * engines, with R2 near and far, with and without a data center's cache; each sample is a deployment of its own, and
 * the kinds take turns, so that the machine's noise falls on all. Writes `docs/benchmarks/cold-start.md`; on a processor
 * with AVX-VNNI `cold-start-avx-vnni.md`, and `cold-start-avx-vnni-off.md` with it turned off.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCommandLine } from "../../build/command-line/command.ts";
import { wholeNumber } from "../../build/command-line/values.ts";
import type { EngineName } from "../../model-shards/plan-stages.ts";
import { SLICE_BYTES } from "../../functions/runtime/model-store/slices.ts";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import setup, { bundleWorker } from "../support/bundle-workers.ts";
import { dataCenter } from "../support/data-center.ts";
import { fullSizeModel } from "../support/models/full-size.ts";
import { FAR, NEAR } from "../support/faulty/slow-r2.ts";
import type { CacheFault } from "../support/workers-cache.ts";
import {
  askImage,
  askNaive,
  askTexts,
  TEXTS,
  deploy,
  deployDownload,
  deployNaive,
  NAIVE,
  time,
} from "./cold/deployments.ts";
import { coldParts } from "./cold/parts.ts";
import { againWithout, suffixOfLowering } from "./harness/both-lowerings.ts";
import { machine } from "./harness/machine.ts";
import { median } from "./harness/statistics.ts";

const SIZE = 256;
const WARM_RUNS = 5;
const ENGINES = ["simd", "ort"] as const;
const ISOLATES = 10;
const FAULTS: [fault: CacheFault, what: string][] = [
  ["wrong-bytes", "a byte of each answer is wrong"],
  ["half", "half of each answer"],
  ["missing", "404"],
  ["silence", "nothing for 20 s"],
];
const ROOT = join(import.meta.dirname, "../..");
const CACHE = join(ROOT, ".cache/full-size");
const DOCUMENT = join(ROOT, `docs/benchmarks/cold-start${await suffixOfLowering()}.md`);

const samples = new Map<string, number[]>();
const note = (what: string, milliseconds: number): void => {
  samples.set(what, [...(samples.get(what) ?? []), milliseconds]);
  console.log(`${what.padEnd(40)} ${milliseconds.toFixed(0)} ms`);
};
const of = (what: string): number => median(samples.get(what) ?? []);

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
const storage = await mkdtemp(join(tmpdir(), "edgeclip-cold-start-"));
/** What a cold tower asks the cache for. */
const paths = new Map<EngineName, string[]>();

async function near(engine: EngineName): Promise<void> {
  const { workers, dispose } = await deploy({ model, engine, r2: NEAR, cache: "none", storage });
  note(`${engine}, near R2`, await time(() => askImage(workers)));
  for (let i = 0; i < WARM_RUNS; i++) note(`${engine}, warm`, await time(() => askImage(workers)));
  note(`${engine}, text of 5, cold`, await time(() => askTexts(workers, TEXTS[5])));
  await time(() => askTexts(workers, TEXTS[77]));
  for (let i = 0; i < WARM_RUNS; i++) {
    note(`${engine}, text of 5, warm`, await time(() => askTexts(workers, TEXTS[5])));
    note(`${engine}, text of 77, warm`, await time(() => askTexts(workers, TEXTS[77])));
    note(`${engine}, of 100 texts of 5`, (await time(() => askTexts(workers, TEXTS[5], 100))) / 100);
  }
  await dispose();
}

async function far(engine: EngineName, cache: "none" | "empty" | "filled"): Promise<void> {
  const kept = cache === "filled" ? (paths.get(engine) ?? []) : cache;
  const { workers, asked, dispose } = await deploy({ model, engine, r2: FAR, cache: kept, storage });
  await asked();
  note(`${engine}, far R2, cache ${cache}`, await time(() => askImage(workers)));
  if (cache === "empty") paths.set(engine, [...new Set((await asked()).map(({ path }) => path))]);
  await dispose();
}

for (let round = 0; round < rounds; round++) {
  const { workers: downloading, ask } = await deployDownload(model, NEAR, storage);
  note("download alone, near R2", await time(ask));
  await downloading.dispose();
  for (const engine of ENGINES) await near(engine);
  for (const cache of ["none", "empty", "filled"] as const) {
    for (const engine of ENGINES) await far(engine, cache);
  }
  const naive = await deployNaive(whole, NEAR, storage);
  note("naive, near R2", await time(() => askNaive(naive)));
  await naive.dispose();
}
// Copies of the tower, each an isolate of its own, of which the first one fills the cache.
const faulty = await dataCenter(2 + FAULTS.length, true, model);
await faulty.ask("vision", 0);
note("cache, no fault", await time(async () => new Response((await faulty.ask("vision", 1)).slice().buffer)));
for (const [i, [fault, what]] of FAULTS.entries()) {
  await faulty.cache({ fault, match: "slices" });
  note(
    `cache, ${what}`,
    await time(async () => new Response((await faulty.ask("vision", 2 + i)).slice().buffer)),
  );
}
await faulty.workers.dispose();
const center = await dataCenter(ISOLATES, true, model);
await center.reads();
const begin = performance.now();
await Promise.all(Array.from({ length: ISOLATES }, (_, i) => center.ask("vision", i)));
note(`${ISOLATES} isolates at once`, performance.now() - begin);
const reads = await center.reads();
const { shards } = (await readManifest(model)).image;
const once = shards
  .flatMap(({ graph, weights }) => [graph, weights])
  .reduce((sum, { bytes }) => sum + Math.ceil(bytes / SLICE_BYTES), 1);
if (reads.length !== once) throw new Error(`${reads.length} reads of R2 instead of ${once}`);
await center.workers.dispose();
await rm(storage, { recursive: true });
const parts = await coldParts(model, 3);

const ratio = (a: number, b: number): string => (a / b).toFixed(2);
const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const ms = (value: number): string => `${value.toFixed(0)} ms`;
const nearRatio = ratio(of("simd, near R2"), of("ort, near R2"));
const bound = of("download alone, near R2") + of("simd, warm");
const table = [
  "| first picture of a cold isolate, unless the row says otherwise | own kernels | onnxruntime-web | ratio |",
  "|---|---|---|---|",
  ...[
    ["near R2, no cache", "near R2"],
    ["far R2, no cache", "far R2, cache none"],
    ["far R2, cache empty", "far R2, cache empty"],
    ["far R2, cache filled", "far R2, cache filled"],
    ["warm", "warm"],
    ["text of 5 tokens, near R2, no cache", "text of 5, cold"],
    ["text of 5 tokens, warm", "text of 5, warm"],
    ["text of 77 tokens, warm", "text of 77, warm"],
    ["one of 100 texts of 5 tokens, warm", "of 100 texts of 5"],
  ].map(([title = "", name = ""]) => {
    const [simd, ort] = [of(`simd, ${name}`), of(`ort, ${name}`)];
    return row([title, ms(simd), ms(ort), ratio(simd, ort)]);
  }),
  "",
  "| | measured | to reach |",
  "|---|---|---|",
  row(["near R2: own kernels ÷ onnxruntime-web", nearRatio, "≤ 0.42"]),
  row([
    "far R2, own kernels: cache filled ÷ cache empty",
    ratio(of("simd, far R2, cache filled"), of("simd, far R2, cache empty")),
    "≤ 0.25",
  ]),
  row([
    `near R2, own kernels ÷ (download alone, ${ms(of("download alone, near R2"))} + one warm run, ${ms(of("simd, warm"))})`,
    ratio(of("simd, near R2"), bound),
    "≤ 1.25",
  ]),
  row([
    "naive Worker (one file, one session) ÷ onnxruntime-web, near R2",
    ratio(of("naive, near R2"), of("ort, near R2")),
    "",
  ]),
  "",
  "| the cache, while an isolate starts (own kernels, near R2) | first image |",
  "|---|---|",
  ...["no fault", ...FAULTS.map(([, what]) => what)].map((what) => row([what, ms(of(`cache, ${what}`))])),
  row([
    `${ISOLATES} isolates at once, cache empty: all done; ${reads.length} reads of R2, as many as for one`,
    ms(of(`${ISOLATES} isolates at once`)),
  ]),
  "",
  "| own kernels, part by part, without waiting for anything | |",
  "|---|---|",
  ...[...parts].map(([part, milliseconds]) => row([part, `${milliseconds.toFixed(1)} ms`])),
];
const host = Object.entries(await machine()).map(([name, value]) => `${name}: ${value}`);
const intro = `# Cold start

\`npm run bench:cold-start [-- <rounds>]\`: from nothing loaded to the first embedding of the full-size model in int8 at ${SIZE}
pixels. Each sample is a deployment of its own, in workerd; the kinds take turns in one run, medians of ${rounds} rounds. Stand-ins: R2
near (40 ms to the first byte, 30 MB/s a stream), R2 far (200 ms, 8 MB/s a stream), the data center's cache (5 ms, 200 MB/s a
stream; \`test/support/workers-cache.ts\`). On onnxruntime-web the image tower is two stage Workers, which load side by side.
What the figures mean for a deployment: [cold start](../cold-start.md).
`;
await writeFile(DOCUMENT, `${[intro, ...table, "", host.join(" · ")].join("\n")}\n`);
console.log(table.join("\n"));
await againWithout();
process.exit(0);
