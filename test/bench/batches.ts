/**
 * `npm run bench:batches [-- --full-size] [--lines <n>] [--requests <n>] [--priced <n>]`: classifications while a batch
 * runs against the same alone; then a batch of 50,000 lines: the most that each isolate holds, and which Workers a part
 * invokes; then what pictures cost as requests and as a batch. Exits with 1 if an isolate holds more than its limit, or
 * if the 95th percentile of the requests beside the batch is more than twice that of the requests alone.
 *
 * One client asks one request after the other, while the batch has pictures that nobody asked for before.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { readCommandLine } from "../../build/command-line/command.ts";
import { wholeNumber } from "../../build/command-line/values.ts";
import { megabytes } from "../../build/report/megabytes.ts";
import OpenAI from "openai";
import { createBatch, ended, type Line, lineOf } from "../batches/support/run-batch.ts";
import { bundleWorker } from "../support/bundle-workers.ts";
import { fullSizeModel } from "../support/models/full-size.ts";
import { peakMemory } from "../support/memory/peak-memory.ts";
import { post } from "../support/post.ts";
import { DEMO_MODEL, startWorkers, type Workers } from "../support/workers.ts";
import { noiseBmp } from "../support/write-bmp.ts";
import { WORKER_CONFIGS } from "../../scripts/worker-configs.ts";
import { compareCosts } from "./batch-cost/batch-cost.ts";
import { machine } from "./harness/machine.ts";
import { median, quantile } from "./harness/statistics.ts";

const LIMIT_BYTES = 120_000_000;
/** Times that a request beside a batch may take, at the 95th percentile, of what it takes alone. */
const MAX_RATIO = 2;
/** Milliseconds between two samples of memory, and between two lines that say how far the large batch is. */
const SAMPLE_MS = 300;
const PROGRESS_MS = 30_000;
const LABELS = ["fox", "rocket", "grapes", "tulip", "moon", "harp", "dress", "trophy"];
const SIDE = 32;
/** Every tenth line of the large batch has a picture, the others have a text. */
const PICTURE_EVERY = 10;
let pictures = 0;
const newPicture = (): string =>
  `data:image/bmp;base64,${Buffer.from(noiseBmp(SIDE, SIDE, pictures++)).toString("base64")}`;

const { lines, requests, priced, isFullSize } = readCommandLine(
  {
    usage: "npm run bench:batches -- [--full-size] [--lines <n>] [--requests <n>] [--priced <n>]",
    about:
      "Measures requests while a batch runs, a large batch, and what pictures cost. 0 leaves a part out.",
    options: {
      "full-size": { type: "boolean", about: "requests beside a batch, and costs, on the full-size model" },
      lines: { type: "string", about: "lines of the large batch (50000)" },
      requests: { type: "string", about: "requests alone, and during the batch (200)" },
      priced: { type: "string", about: "pictures of each way whose cost is counted (640)" },
    },
  },
  (options) => ({
    lines: wholeNumber("the number of lines", options.lines ?? "50000", { least: 0, most: 50_000 }),
    requests: wholeNumber("the number of requests", options.requests ?? "200", { least: 0 }),
    priced: wholeNumber("the number of pictures", options.priced ?? "640", { least: 0 }),
    isFullSize: options["full-size"] === true,
  }),
);

function clientOf({ url }: Workers): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: "none" });
}

/** Milliseconds of each. */
async function classifications(workers: Workers, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let at = 0; at < count; at++) {
    const body = { image: newPicture(), labels: LABELS };
    const start = performance.now();
    const { status } = await post(`${workers.url}/v1/classify`, body);
    if (status !== 200) throw new Error(`status ${status}`);
    times.push(performance.now() - start);
  }
  return times;
}

function row(name: string, times: number[]): string {
  return `| ${name} | ${median(times).toFixed(0)} | ${quantile(times, 0.95).toFixed(0)} |`;
}

/** @returns whether requests are not held up more than they may */
async function besideBatch(): Promise<boolean> {
  const workers = await startWorkers({ model });
  try {
    await classifications(workers, 5);
    const alone = await classifications(workers, requests);
    const client = clientOf(workers);
    // More than can be answered meanwhile; what is left is cancelled.
    const many = Array.from({ length: isFullSize ? 2_000 : 10_000 }, (_, index) =>
      lineOf("/v1/classify", `${index}`, { image: newPicture(), labels: LABELS }),
    );
    const batch = await createBatch(client, "/v1/classify", many);
    while ((await client.batches.retrieve(batch.id)).request_counts?.completed === 0) {
      await sleep(100);
    }
    const before = await client.batches.retrieve(batch.id);
    const beside = await classifications(workers, requests);
    const after = await client.batches.retrieve(batch.id);
    if (after.status !== "in_progress")
      throw new Error(`the batch was ${after.status} before the requests were done`);
    await client.batches.cancel(batch.id);
    await ended(client, batch);
    const answered = (after.request_counts?.completed ?? 0) - (before.request_counts?.completed ?? 0);
    const seconds = beside.reduce((sum, time) => sum + time, 0) / 1000;
    console.log("| classification | median ms | p95 ms |\n|---|---|---|");
    console.log(row("alone", alone));
    console.log(row("while a batch runs", beside));
    const late = quantile(beside, 0.95) / quantile(alone, 0.95);
    console.log(`| ratio | ${(median(beside) / median(alone)).toFixed(2)} | ${late.toFixed(2)} |`);
    console.log(`the batch answered ${answered} lines in these ${seconds.toFixed(0)} s\n`);
    return late <= MAX_RATIO;
  } finally {
    await workers.dispose();
  }
}

/** @returns whether every isolate stayed within its limit */
async function largeBatch(): Promise<boolean> {
  const workers = await startWorkers();
  try {
    const client = clientOf(workers);
    const many = Array.from({ length: lines }, (_, index): Line => {
      const input = index % PICTURE_EVERY === 0 ? [{ image: newPicture() }] : `text number ${index}`;
      return lineOf("/v1/embeddings", `${index}`, { input, encoding_format: "base64" });
    });
    const start = performance.now();
    const peaks = await peakMemory(
      workers,
      async () => {
        const made = await createBatch(client, "/v1/embeddings", many);
        const batch = await ended(client, made, 4 * 3600_000, { progressMs: PROGRESS_MS });
        const { completed = 0 } = batch.request_counts ?? {};
        if (batch.status !== "completed" || completed !== lines) throw new Error(JSON.stringify(batch));
      },
      SAMPLE_MS,
    );
    const seconds = (performance.now() - start) / 1000;
    console.log(
      `${lines} lines of /v1/embeddings in ${seconds.toFixed(0)} s: the most that each isolate held\n`,
    );
    console.log("| Worker | MB |\n|---|---|");
    for (const [name, { total }] of peaks) console.log(`| ${name} | ${megabytes(total)} |`);
    console.log(`\n${invocations(workers)}\n`);
    return [...peaks.values()].every(({ total }) => total <= LIMIT_BYTES);
  } finally {
    await workers.dispose();
  }
}

/** Calls of decoder and towers for each part, from their log lines, which have the part's id. */
function invocations({ logs }: Workers): string {
  const calls = new Map<string, number>();
  const parts = new Set<string>();
  for (const log of logs.flatMap((each) => each.split("\n"))) {
    const [, id, worker] = /"request":"(batch_[0-9a-f]+_\d+)","worker":"(\w+)"/.exec(log) ?? [];
    if (id === undefined || worker === undefined) continue;
    parts.add(id);
    if (worker !== "jobs") calls.set(id, (calls.get(id) ?? 0) + 1);
  }
  const counts = [...calls.values()];
  return `${parts.size} parts; calls of decoder and towers a part: median ${median(counts)}, most ${Math.max(...counts)}`;
}

await Promise.all(WORKER_CONFIGS.map((config) => bundleWorker(config, "simd")));
console.log(JSON.stringify(await machine()));
const model = isFullSize ? await fullSizeModel(256) : DEMO_MODEL;
const isPrompt = requests === 0 || (await besideBatch());
const isWithin = lines === 0 || (await largeBatch());
if (priced > 0) await compareCosts({ model, pictures: priced, labels: LABELS, newPicture });
process.exitCode = isPrompt && isWithin ? 0 : 1;
