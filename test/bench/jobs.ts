/**
 * `npm run bench:jobs`: measures the peak memory of the jobs Worker in two phases. First it computes parts of four sets
 * at once: sets of 10,000 labels with 100 templates, and sets with almost as many prompts as a request may have. Then
 * it combines the parts of 10,000 labels. Memory is sampled without garbage collection, and again after one. The
 * combined parts are random vectors of the full-size model's width, written to R2 by the bench, because the text tower
 * would take hours for a million prompts. The demonstration model computes the parts; its vectors take 1 MB less for
 * each part.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { readCommandLine } from "../../build/command-line/command.ts";
import { megabytes } from "../../build/report/megabytes.ts";
import { planBlocks, type PlannedItem } from "../../functions/label-sets/builds/plan.ts";
import { SetStore } from "../../functions/label-sets/set-store.ts";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import setup from "../support/bundle-workers.ts";
import { deliveries, withoutQueue } from "../support/faulty/deliveries.ts";
import { fullSizeModel } from "../support/models/full-size.ts";
import { type IsolateMemory, isolateMemory } from "../support/memory/isolate-memory.ts";
import { request } from "../support/send-request.ts";
import { DEMO_MODEL, startWorkers, type Workers } from "../support/workers.ts";

const JOBS = "edgeclip-jobs";
const SETS = 4;
/** Number of parts of all sets together. */
const PARTS = 4;
const INTERVAL = 20;

type Set = Record<string, unknown> & { labels: unknown[] };

readCommandLine({
  usage: "npm run bench:jobs",
  about: "Measures the peak memory of the Worker that builds large label sets.",
});
const fullSize = await fullSizeModel(256);
const manifest = await readManifest(fullSize);

function withTemplates(number: number): Set {
  const labels = Array.from(
    { length: 10_000 },
    (_, i) => `the ${i}th thing of the set with number ${number}`,
  );
  return { labels, templates: Array.from({ length: 100 }, (_, i) => `photo ${i} of {}, as it is.`) };
}

/** A set that takes almost the 36 MB a body may have once parsed, with letters of two bytes each. */
function withPrompts(number: number): Set {
  const labels = Array.from({ length: 10_000 }, (_, i) => ({
    label: `thing ${i} of ${number}`,
    prompts: Array.from({ length: 15 }, (_each, j) => `ein schönes Bild ${j} von ${i} ž`),
  }));
  return { labels };
}

const total = ({ heapBytes, backingStorageBytes }: IsolateMemory): number => heapBytes + backingStorageBytes;

/** Prints the peak memory while `run` runs, and the memory after a garbage collection. */
async function measure(what: string, workers: Workers, run: () => Promise<void>): Promise<void> {
  const inspector = await workers.miniflare.getInspectorURL();
  inspector.protocol = "http:";
  let peak = 0;
  const done = new AbortController();
  const sampler = (async () => {
    while (!done.signal.aborted) {
      // The inspector sometimes refuses when it is asked this often.
      const held = await isolateMemory(inspector, JOBS).catch(() => undefined);
      if (held !== undefined) peak = Math.max(peak, total(held));
      await sleep(INTERVAL);
    }
  })();
  await run();
  done.abort();
  await sampler;
  const collected = (await workers.memory(true)).get(JOBS);
  const left = collected === undefined ? 0 : total(collected);
  console.log(`${what} | ${megabytes(peak)} | ${megabytes(left)}`);
}

async function create(workers: Workers, set: Set): Promise<string> {
  const { status, body } = await request("POST", `${workers.url}/v1/label_sets`, set);
  if (status !== 202) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return String(body.id);
}

/** Waits until the parts of all sets are stored. */
async function computed(workers: Workers): Promise<void> {
  const parts = (): number => workers.logs.filter((line) => line.includes('"worker":"jobs","part"')).length;
  const before = parts();
  while (parts() < before + PARTS) await sleep(200);
}

/** Stores all parts of a set before it is built. */
async function putParts(workers: Workers, id: string, set: Set): Promise<void> {
  const bucket = (await workers.miniflare.getR2Bucket("SETS", "edgeclip")) as unknown as R2Bucket;
  const store = new SetStore(bucket);
  const labels = set.labels.map((label) => ({ label: String(label) }));
  const templates = set["templates"] as string[];
  const parts: PlannedItem[][] = [
    ...planBlocks({ labels, templates, negative: ["a photo."], min_similarity: null }),
  ].flat();
  for (const [number, items] of parts.entries()) {
    const rows = Float32Array.from(
      { length: items.length * manifest.embedding_width },
      () => Math.random() - 0.5,
    );
    const counts = { tokens: 100, prompts: 500, vectors: items.length, truncated: [] };
    await store.parts.put(id, manifest.revision, number, rows, counts);
  }
}

async function statusOf({ url }: Workers, id: string): Promise<string> {
  return (await request("GET", `${url}/v1/label_sets/${id}`)).body.status;
}

async function start(model: string): Promise<Workers> {
  return await startWorkers({
    model,
    engine: "simd",
    change: (name, options) => (name === JOBS ? withoutQueue(options) : options),
    add: [deliveries(JOBS)],
  });
}

await setup();
console.log("jobs Worker | most, MB | after a collection, MB");
for (const [what, make] of [
  ["parts of four sets of 10,000 labels, 100 templates", withTemplates],
  ["parts of four sets of 10,000 labels, 150,000 prompts", withPrompts],
] as const) {
  const workers = await start(DEMO_MODEL);
  for (let number = 0; number < SETS; number++) await create(workers, make(number));
  await measure(what, workers, () => computed(workers));
  await workers.dispose();
}
const workers = await start(fullSize);
const set = withTemplates(0);
const id = await create(workers, set);
await putParts(workers, id, set);
await measure("10,000 labels put together", workers, async () => {
  while ((await statusOf(workers, id)) !== "ready") await sleep(200);
});
await workers.dispose();
