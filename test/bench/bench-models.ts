/**
 * `npm run bench:models [-- <rounds>]`: compares the architectures of the presets at full size with synthetic weights,
 * in workerd. Warm: all deployments run and answer in turns. Cold: new deployments start in turns, with an R2 of 40 ms
 * to the first byte and 30 MB/s for each read. Writes `docs/benchmarks/models.md`, from which the table in
 * `docs/models.md` is taken. With `ENGINE=ort` it measures onnxruntime and writes a file of its own.
 */
import { writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { readCommandLine } from "../../build/command-line/command.ts";
import { wholeNumber } from "../../build/command-line/values.ts";
import { syntheticInput } from "../../build/synthetic/synthetic-tensor.ts";
import type { Manifest } from "../../model-shards/manifest.ts";
import { parseEngine, stagesNeeded } from "../../model-shards/plan-stages.ts";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import setup from "../support/bundle-workers.ts";
import { fullSizeModel, fullSizeVit } from "../support/models/full-size.ts";
import { peakMemory } from "../support/memory/peak-memory.ts";
import { behindSlowR2, SLOW_R2, readsOfSlowR2 } from "../support/faulty/slow-r2.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { againWithout, suffixOfLowering } from "./harness/both-lowerings.ts";
import { machineLine } from "./harness/machine.ts";
import { median } from "./harness/statistics.ts";
import { imageMacs } from "./support/image-macs.ts";

const WARM_UP = 4;
const WARM_RUNS = 12;
const LIMIT_BYTES = 120_000_000;
/** Targets of the ratios of the first ViT to base_w. */
const TARGETS = { warm: 0.36, cold: 0.7 };
const LONGEST_TEXT = 77;

/** The first model is the one that the others are compared with. The targets are for the second. */
const MODELS: [name: string, folder: () => Promise<string>][] = [
  ["convnext_base_w, 256 px", () => fullSizeModel(256)],
  ["ViT-B-32-256, 256 px", () => fullSizeVit("vit_b_32_256")],
  ["convnext_base_w_320, 320 px", () => fullSizeModel(320)],
  ["ViT-B-32, 224 px", () => fullSizeVit("vit_b_32")],
  ["ViT-B-16, 224 px", () => fullSizeVit("vit_b_16")],
];

const engine = parseEngine(process.env["ENGINE"]);
const suffix = `${engine === "ort" ? "-ort" : ""}${await suffixOfLowering()}`;
const DOCUMENT = join(import.meta.dirname, `../../docs/benchmarks/models${suffix}.md`);

interface Measured {
  name: string;
  folder: string;
  manifest: Manifest;
  warm: number[];
  cold: number[];
  /** Largest isolate of each kind, bytes. */
  peaks: Map<string, number>;
  /** Number of R2 reads of all timed warm requests. */
  reads: number;
}

async function start(folder: string): Promise<Workers> {
  return await startWorkers({
    model: folder,
    engine,
    change: (name, options) => (/vision|text/.test(name) ? behindSlowR2(options) : options),
    add: [SLOW_R2],
  });
}

async function embedImage({ manifest }: Measured, workers: Workers): Promise<number> {
  const { size } = manifest.image;
  const pixels = syntheticInput(`input:${size}`, 3 * size * size);
  const begin = performance.now();
  const response = await workers.probe(`/tensor?height=${size}&width=${size}`, pixels);
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`status ${response.status}`);
  return performance.now() - begin;
}

async function embedText(workers: Workers): Promise<void> {
  const ids = Int32Array.from({ length: LONGEST_TEXT }, (_, i) => 320 + i);
  ids[LONGEST_TEXT - 1] = 49_407;
  const response = await workers.probe(`/tokens?lengths=${LONGEST_TEXT}`, ids);
  if (!response.ok) throw new Error(`status ${response.status}`);
}

const readCount = async (workers: Workers): Promise<number> => (await readsOfSlowR2(workers)).length;

async function measureWarm(models: readonly Measured[]): Promise<void> {
  const deployments = await Promise.all(
    models.map(async (model) => ({ model, workers: await start(model.folder) })),
  );
  try {
    for (const { model, workers } of deployments) {
      const work = async (): Promise<void> => {
        await embedImage(model, workers);
        await embedText(workers);
        await embedImage(model, workers);
      };
      for (const [name, { total }] of await peakMemory(workers, work)) model.peaks.set(name, total);
    }
    const before = await Promise.all(deployments.map(({ workers }) => readCount(workers)));
    for (let run = 0; run < WARM_UP + WARM_RUNS; run++) {
      for (const { model, workers } of deployments) {
        const elapsed = await embedImage(model, workers);
        if (run >= WARM_UP) model.warm.push(elapsed);
      }
    }
    for (const [i, { model, workers }] of deployments.entries()) {
      model.reads = (await readCount(workers)) - (before[i] ?? 0);
    }
  } finally {
    await Promise.all(deployments.map(({ workers }) => workers.dispose()));
  }
}

async function measureCold(models: readonly Measured[], rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const model of models) {
      const workers = await start(model.folder);
      try {
        model.cold.push(await embedImage(model, workers));
      } finally {
        await workers.dispose();
      }
    }
  }
}

/** Memory of the largest isolate whose Worker's name begins with `prefix`, in 10⁶ bytes. */
function largest({ peaks }: Measured, prefix: string): number {
  const found = [...peaks].filter(([name]) => name.startsWith(prefix)).map(([, total]) => total);
  return Math.round(Math.max(...found) / 1e6);
}

const rounds = readCommandLine(
  {
    usage: "npm run bench:models -- [rounds]",
    about:
      "Compares the presets' architectures at full size in workerd. Default: 3 rounds of cold deployments.",
    words: ["[rounds]"],
  },
  (_, [count = "3"]) => wholeNumber("the number of rounds", count),
);
await setup();
const measured: Measured[] = [];
for (const [name, build] of MODELS) {
  const folder = await build();
  const manifest = await readManifest(folder);
  measured.push({ name, folder, manifest, warm: [], cold: [], peaks: new Map(), reads: 0 });
}
await measureWarm(measured);
await measureCold(measured, rounds);

const [base, vit] = measured;
if (base === undefined || vit === undefined) throw new Error("the bench needs at least two models");
const ratio = (model: Measured, kind: "warm" | "cold"): number => median(model[kind]) / median(base[kind]);
const row = (model: Measured): string => {
  const warm = median(model.warm);
  const { parameters } = model.manifest as { parameters?: number };
  return [
    model.name,
    parameters === undefined ? "–" : Math.round(parameters / 1e6),
    (imageMacs(model.manifest) / 1e9).toFixed(2),
    warm.toFixed(0),
    ratio(model, "warm").toFixed(2),
    median(model.cold).toFixed(0),
    ratio(model, "cold").toFixed(2),
    `${largest(model, "edgeclip-vision")} / ${largest(model, "edgeclip-text")}`,
    stagesNeeded(model.manifest.image.shards, engine) + 1,
    model.reads,
  ].join(" | ");
};
const columns = [
  "model",
  "parameters, M",
  "GMAC an image",
  "warm, ms",
  "÷ the first",
  "cold, ms",
  "÷ the first",
  "largest isolate, vision / text, MB",
  "tower Workers",
  "R2 reads, warm",
];
const report = `# Models side by side, engine \`${engine}\`

Written by \`npm run bench:models\`${engine === "ort" ? " with `ENGINE=ort`" : ""}: synthetic weights, in workerd, all in turns in one run. Medians: ${WARM_RUNS} warm image
embeddings, ${rounds} first ones of cold deployments behind an R2 with 40 ms to the first byte and 30 MB/s a read. The ratios are
the result; the milliseconds are one machine's, with what else it was doing. Memory is WASM, buffers and heap, sampled
while a deployment loads cold and embeds two pictures and a text of ${LONGEST_TEXT} tokens; the limit here is ${LIMIT_BYTES / 1e6} MB.

| ${columns.join(" | ")} |
| ${columns.map(() => "---").join(" | ")} |
${measured.map((model) => `| ${row(model)} |`).join("\n")}

${vit.name} ÷ ${base.name}: warm ${ratio(vit, "warm").toFixed(3)} (target for the own kernels: ≤ ${TARGETS.warm}), cold ${ratio(vit, "cold").toFixed(3)} (≤ ${TARGETS.cold}).

Measured on ${await machineLine()}; load average ${loadavg()[0]?.toFixed(1)}.
`;
await writeFile(DOCUMENT, report);
console.log(report);
const tooLarge = measured.filter(({ peaks }) => Math.max(...peaks.values()) > LIMIT_BYTES);
for (const { name } of tooLarge) console.error(`${name}: an isolate is above the limit`);
await againWithout();
process.exit(tooLarge.length === 0 ? 0 : 1);
