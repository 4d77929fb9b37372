/**
 * `npm run bench:engines [-- <rounds>]`: compares the engines `simd` and `ort` at full size and 256 pixels, in workerd.
 * Warm: both deployments run and answer in turns. Cold: new deployments start in turns, with an R2 of 40 ms to the
 * first byte and 30 MB/s for each read. Then measures each kernel. Writes `docs/benchmarks/engines.md`.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { readCommandLine } from "../../build/command-line/command.ts";
import { wholeNumber } from "../../build/command-line/values.ts";
import type { Dot } from "../../functions/runtime/tower/engine.ts";
import type { EngineName } from "../../model-shards/plan-stages.ts";
import { syntheticInput } from "../../build/synthetic/synthetic-tensor.ts";
import baseW from "../fixtures/reference/base_w.json" with { type: "json" };
import setup, { bundleFolder, bundleWorker } from "../support/bundle-workers.ts";
import { cosine } from "../support/cosine.ts";
import { fullSizeModel } from "../support/models/full-size.ts";
import { behindSlowR2, SLOW_R2 } from "../support/faulty/slow-r2.ts";
import { bundledModules, startWorkers, type Workers } from "../support/workers.ts";
import { againWithout, suffixOfLowering } from "./harness/both-lowerings.ts";
import { machineLine } from "./harness/machine.ts";
import { median } from "./harness/statistics.ts";
import { limitHeaps } from "../support/memory/isolate-heap.ts";

const SIZE = 256;
const WARM_UP = 6;
const WARM_RUNS = 12;
const ENGINES = ["simd", "ort"] as const;
const OPERATORS = "test/bench/operators/wrangler.toml";
const VISION = "functions/vision/wrangler.toml";
const DOCUMENT = join(import.meta.dirname, `../../docs/benchmarks/engines${await suffixOfLowering()}.md`);

type Ask = (workers: Workers) => Promise<Response>;

const pixels = syntheticInput(`input:${SIZE}`, 3 * SIZE * SIZE);
const image: Ask = (workers) => workers.probe(`/tensor?height=${SIZE}&width=${SIZE}`, pixels);

const longest = baseW.texts.find(({ ids }) => ids.length === 77)?.ids ?? [];
/** Token ids of a text with this many positions, start and end token included. */
const textOf =
  (length: number): Ask =>
  (workers) =>
    workers.probe(
      `/tokens?lengths=${length}`,
      Int32Array.from([...longest.slice(0, length - 1), longest.at(-1) ?? 0]),
    );

async function start(engine: EngineName, slow: boolean): Promise<Workers> {
  return await startWorkers({
    model: await fullSizeModel(SIZE),
    engine,
    change: (name, options) => (slow && /vision|text/.test(name) ? behindSlowR2(options) : options),
    add: slow ? [SLOW_R2] : [],
  });
}

async function time(ask: Ask, workers: Workers): Promise<number> {
  const begin = performance.now();
  const response = await ask(workers);
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`status ${response.status}`);
  return performance.now() - begin;
}

/** Median times of both engines, which are asked in turns. */
async function warm(ask: Ask, both: Record<EngineName, Workers>): Promise<Record<EngineName, number>> {
  const times: Record<EngineName, number[]> = { simd: [], ort: [] };
  for (let run = 0; run < WARM_UP + WARM_RUNS; run++) {
    for (const engine of ENGINES) {
      const elapsed = await time(ask, both[engine]);
      if (run >= WARM_UP) times[engine].push(elapsed);
    }
  }
  return { simd: median(times.simd), ort: median(times.ort) };
}

async function cold(ask: Ask, rounds: number, slow: boolean): Promise<Record<EngineName, number>> {
  const times: Record<EngineName, number[]> = { simd: [], ort: [] };
  for (let round = 0; round < rounds; round++) {
    for (const engine of ENGINES) {
      const workers = await start(engine, slow);
      try {
        times[engine].push(await time(ask, workers));
      } finally {
        await workers.dispose();
      }
    }
  }
  return { simd: median(times.simd), ort: median(times.ort) };
}

/** Bytes that a deployment of the vision Worker uploads, plain and gzipped. */
async function upload(engine: EngineName): Promise<{ raw: number; gzipped: number }> {
  const folder = bundleFolder(VISION, engine);
  const files = (await readdir(folder)).filter((file) => /\.(js|wasm|bin)$/.test(file));
  const contents = await Promise.all(files.map((file) => readFile(join(folder, file))));
  return {
    raw: contents.reduce((sum, bytes) => sum + bytes.byteLength, 0),
    gzipped: contents.reduce((sum, bytes) => sum + gzipSync(bytes).byteLength, 0),
  };
}

interface OperatorFigures {
  dot: Dot;
  operators: { name: string; gmacs: number }[];
}

/** @param v8 options of V8 */
async function operatorFigures(
  modules: Awaited<ReturnType<typeof bundledModules>>,
  ...v8: string[]
): Promise<OperatorFigures> {
  const options = { host: "127.0.0.1", port: 0, modules, compatibilityDate: "2026-10-20" };
  limitHeaps(...v8);
  const miniflare = new Miniflare(convertV4MiniflareOptions(options));
  try {
    return (await (await fetch(await miniflare.ready)).json()) as OperatorFigures;
  } finally {
    await miniflare.dispose();
  }
}

async function vector(ask: Ask, workers: Workers): Promise<Float32Array> {
  return new Float32Array(await (await ask(workers)).arrayBuffer());
}

const rounds = readCommandLine(
  {
    usage: "npm run bench:engines -- [rounds]",
    about:
      "Compares the engines simd and ort at full size in workerd. Default: 3 rounds of cold deployments.",
    words: ["[rounds]"],
  },
  (_, [count = "3"]) => wholeNumber("the number of rounds", count),
);
await setup();
const both = { simd: await start("simd", false), ort: await start("ort", false) };
const rows: [string, Record<EngineName, number>, target: number | undefined][] = [];
const cosines: [string, number][] = [];
try {
  rows.push(["image, warm", await warm(image, both), 0.6]);
  rows.push(["text of 10 tokens, warm", await warm(textOf(10), both), 0.5]);
  rows.push(["text of 77 tokens, warm", await warm(textOf(77), both), undefined]);
  for (const [name, ask] of [
    ["image", image],
    ["text of 10 tokens", textOf(10)],
  ] as const) {
    cosines.push([name, cosine(await vector(ask, both.simd), await vector(ask, both.ort))]);
  }
} finally {
  await Promise.all(ENGINES.map((engine) => both[engine].dispose()));
}
rows.push(["first image, cold, behind the slow R2", await cold(image, rounds, true), 0.5]);
rows.push(["first image, cold, local R2", await cold(image, rounds, false), undefined]);
const sizes = { simd: await upload("simd"), ort: await upload("ort") };
await bundleWorker(OPERATORS);
const modules = await bundledModules(bundleFolder(OPERATORS));
const { operators, dot } = await operatorFigures(modules);
const unchecked = (await operatorFigures(modules, "--no-wasm-bounds-checks")).operators;
const peak = operators[0]?.gmacs ?? 0;

const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} kB`;
const table = (header: string[], lines: string[][]): string =>
  [header, header.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const report = `# Engines: \`simd\` against \`ort\`

Written by \`npm run bench:engines\`: base_w at ${SIZE} pixels with synthetic weights, in workerd, both engines in turns in
one run. Medians: ${WARM_RUNS} warm requests, ${rounds} cold deployments behind an R2 with 40 ms to the first byte and 30 MB/s a
read. The ratios are the result; the milliseconds are one machine's.

${table(
  ["", "simd, ms", "ort, ms", "simd ÷ ort", "target"],
  rows.map(([name, { simd, ort }, target]) => [
    name,
    simd.toFixed(0),
    ort.toFixed(0),
    (simd / ort).toFixed(2),
    target === undefined ? "" : `≤ ${target}`,
  ]),
)}

${table(
  ["vision Worker", "simd", "ort"],
  [
    ["upload", kilobytes(sizes.simd.raw), kilobytes(sizes.ort.raw)],
    ["gzipped", kilobytes(sizes.simd.gzipped), kilobytes(sizes.ort.gzipped)],
  ],
)}

Cosine of the two engines' vectors: ${cosines.map(([name, value]) => `${name} ${value.toFixed(5)}`).join(", ")}.

A cold deployment moves the 92 MB of the image tower. The time of this transfer through the stand-in for R2 is part of both columns of its row.
The row below it uses local R2 at full speed and shows the engines' own time.

## Operators

GMAC/s on one core, compared with a loop of relaxed dot products without loads and stores. This machine's dot product:
\`${dot}\`, see [hosts](hosts.md). After each operator's name is the layout of its inner loop.

${table(
  ["", "GMAC/s", "of the peak", "GMAC/s without address checks"],
  operators.map(({ name, gmacs }, at) => [
    name,
    gmacs.toFixed(1),
    `${Math.round((100 * gmacs) / peak)} %`,
    unchecked[at]?.gmacs.toFixed(1) ?? "",
  ]),
)}

workerd's V8 compares every address with the memory's size. The last column is of a workerd that does not
(\`--no-wasm-bounds-checks\`), see [address checks](hosts.md#address-checks).

The depthwise convolution is float32: its peak is a quarter of the lanes and two instructions for each product.

Measured on ${await machineLine()}.
`;
await writeFile(DOCUMENT, report);
console.log(report);
await againWithout();
process.exit(0);
