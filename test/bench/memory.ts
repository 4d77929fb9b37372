/**
 * `npm run bench:memory [-- <size> …]`: what every isolate holds while the full-size model is loaded cold, answers
 * warm, and takes bursts, among them the worst that the contract lets in, and while a vector store is filled and
 * searched; in units of 10⁶ bytes, at 256, 320 and 384 pixels. Exits with 1 above the limit. `ENGINE=ort` measures
 * onnxruntime.
 *
 * An isolate's memory is its WASM memory (as the Worker reports it), what is behind its ArrayBuffers and its
 * JavaScript heap (as workerd's inspector reports them), sampled while requests run. Compiled code is not counted: on
 * the platform it is shared.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readCommandLine } from "../../build/command-line/command.ts";
import { wholeNumber } from "../../build/command-line/values.ts";
import { megabytes } from "../../build/report/megabytes.ts";
import setup from "../support/bundle-workers.ts";
import { fullSizeModel } from "../support/models/full-size.ts";
import { peakMemory } from "../support/memory/peak-memory.ts";
import { post } from "../support/post.ts";
import { behindSlowR2, SLOW_R2 } from "../support/faulty/slow-r2.ts";
import { behindCache, WORKERS_CACHE } from "../support/workers-cache.ts";
import { startWorkers, totalBytes, type Workers } from "../support/workers.ts";
import { StoreInUse } from "./support/store-in-use.ts";

const LIMIT_BYTES = 120_000_000;
const BURST = 8;
const SIZES = [256, 320, 384];
const PICTURES = join(import.meta.dirname, "../fixtures/pictures/images");
/** The most inputs of `embeddings`. */
const MAX_TEXTS = 2048;
/** How long a client waits for them: what they hold is there by then. Milliseconds. */
const PATIENCE = 20_000;
const LABELS = [
  "cat",
  "dog",
  "bus",
  "tree",
  "a long label of several rather common words",
  "sky",
  "sea",
  "city",
];

/** @returns whether every isolate stayed within the limit in every phase */
async function measure(size: number): Promise<boolean> {
  const workers = await startWorkers({
    model: await fullSizeModel(size),
    // Cold, through a cache that is empty: the shards Worker fills it.
    change: (name, options) => behindCache(/vision|text|shards/.test(name) ? behindSlowR2(options) : options),
    add: [SLOW_R2, WORKERS_CACHE],
  });
  try {
    const image = (await readFile(join(PICTURES, "photo_3000x2000.jpg"))).toString("base64");
    const small = (await readFile(join(PICTURES, "q80_420.jpg"))).toString("base64");
    let store: StoreInUse | undefined;
    const phases: [name: string, run: () => Promise<unknown>][] = [
      ["cold", () => classify(workers, [image], LABELS)],
      ["warm", () => classify(workers, [image], LABELS)],
      [
        `burst of ${BURST}`,
        () =>
          Promise.all(
            Array.from({ length: BURST }, (_, i) => classify(workers, [image], [`label ${i}`, "x"])),
          ),
      ],
      [
        "16 pictures",
        () =>
          classify(
            workers,
            Array.from({ length: 16 }, () => small),
            LABELS,
          ),
      ],
      [`${MAX_TEXTS} texts`, () => mostTexts(workers)],
      ["store filled", async () => (store = await StoreInUse.filled(workers.url))],
      ["32 searches", async () => await store?.search()],
    ];
    let within = true;
    const columns = "   WASM  buffers    heap    peak  collected";
    console.log(`\n${size} pixels`.padEnd(16) + "isolate".padEnd(22) + columns);
    for (const [phase, run] of phases) {
      const peaks = await peakMemory(workers, run);
      const collected = await workers.memory(true);
      for (const [name, peak] of peaks) {
        const { wasmBytes, backingStorageBytes, heapBytes, total } = peak;
        const kept = collected.get(name);
        const left = kept === undefined ? 0 : totalBytes(kept);
        const figures = [wasmBytes, backingStorageBytes, heapBytes, total, left]
          .map((bytes) => megabytes(bytes).padStart(7))
          .join(" ");
        const verdict = total > LIMIT_BYTES ? "  above the limit" : "";
        within &&= total <= LIMIT_BYTES;
        console.log(`  ${phase.padEnd(14)}${name.padEnd(20)}${figures}${verdict}`);
      }
    }
    console.log(
      `  for information: the whole workerd process at its largest, RSS ${megabytes(await largestRss())}`,
    );
    return within;
  } finally {
    await workers.dispose();
  }
}

/** VmHWM of the workerd that this process started, from Linux's /proc; 0 elsewhere. */
async function largestRss(): Promise<number> {
  for (const pid of await readdir("/proc").catch(() => [])) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    if (!status.includes("Name:\tworkerd") || !status.includes(`PPid:\t${process.pid}\n`)) continue;
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
  }
  return 0;
}

/** As many texts as a request may have, each as long as the model reads; the client leaves while they are computed. */
async function mostTexts(workers: Workers): Promise<void> {
  const input = Array.from({ length: MAX_TEXTS }, (_, i) => `${i} ${"all of a long text ".repeat(20)}`);
  const init = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ input }),
    signal: AbortSignal.timeout(PATIENCE),
  };
  await fetch(`${workers.url}/v1/embeddings`, init).then(
    (response) => response.arrayBuffer(),
    () => {},
  );
}

async function classify(workers: Workers, images: string[], labels: string[]): Promise<void> {
  const { status, body } = await post(`${workers.url}/v1/classify`, { images, labels });
  if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
}

const asked = readCommandLine(
  {
    usage: "npm run bench:memory -- [size …]",
    about: `What every isolate holds with the full-size model at so many pixels: ${SIZES.join(", ")} unless given. Exits with 1
above the limit. ENGINE=ort measures onnxruntime.`,
    words: ["[size …]"],
  },
  (_, words) => words.map((size) => wholeNumber("a size", size, { least: 32 })),
);
await setup();
let within = true;
for (const size of asked.length > 0 ? asked : SIZES) within = (await measure(size)) && within;
process.exit(within ? 0 : 1);
