/**
 * `npm run bench:fairness [-- <rounds>]`: measures how long other requests wait while one request computes 1,000 new
 * texts, with the demonstration model, on each engine. Prints the milliseconds of `/healthz` and of a request with one
 * new text, alone and during the large request, and those of the large request.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { readCommandLine } from "../../build/command-line/command.ts";
import { wholeNumber } from "../../build/command-line/values.ts";
import { bundleWorker } from "../support/bundle-workers.ts";
import { post } from "../support/post.ts";
import { WORKER_CONFIGS } from "../../scripts/worker-configs.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { median, quantile } from "./harness/statistics.ts";

const TEXTS = 1000;
const ENGINES = ["ort", "simd"] as const;
/** Number of requests before the large one, for comparison. */
const ALONE = 20;

let made = 0;
const newTexts = (count: number): string[] =>
  Array.from({ length: count }, () => `a thing with the number ${made++}`);

async function timed(call: () => Promise<{ status: number }>): Promise<number> {
  const start = performance.now();
  const { status } = await call();
  if (status !== 200) throw new Error(`status ${status}`);
  return performance.now() - start;
}

async function measure({ url }: Workers, rounds: number): Promise<Record<string, number[]>> {
  const times: Record<string, number[]> = {};
  const note = async (name: string, call: () => Promise<{ status: number }>): Promise<void> => {
    (times[name] ??= []).push(await timed(call));
  };
  const embed = (count: number): Promise<{ status: number }> =>
    post(`${url}/v1/embeddings`, { input: newTexts(count), encoding_format: "base64" });
  const health = async (): Promise<Response> => {
    const response = await fetch(`${url}/healthz`);
    await response.arrayBuffer();
    return response;
  };
  await embed(1);
  for (let i = 0; i < ALONE; i++) {
    await note("/healthz alone", health);
    await note("one text alone", () => embed(1));
  }
  for (let round = 0; round < rounds; round++) {
    const done = new AbortController();
    const ask = async (name: string, call: () => Promise<{ status: number }>): Promise<void> => {
      while (!done.signal.aborted) {
        await sleep(20);
        await note(name, call);
      }
    };
    const large = note(`${TEXTS} texts`, () => embed(TEXTS)).finally(() => done.abort());
    await Promise.all([large, ask("/healthz meanwhile", health), ask("one text meanwhile", () => embed(1))]);
  }
  return times;
}

const rounds = readCommandLine(
  {
    usage: "npm run bench:fairness -- [rounds]",
    about: `Measures how long other requests wait while one request computes ${TEXTS} new texts, with the demonstration model.`,
    words: ["[rounds]"],
  },
  (_, [number = "3"]) => wholeNumber("the number of rounds", number),
);
console.log("| engine | request | times | median ms | p95 ms |\n|---|---|---|---|---|");
for (const engine of ENGINES) {
  await Promise.all(WORKER_CONFIGS.map((config) => bundleWorker(config, engine)));
  const workers = await startWorkers({ engine });
  try {
    for (const [name, values] of Object.entries(await measure(workers, rounds))) {
      const figures = [median(values), quantile(values, 0.95)].map((value) => value.toFixed(0));
      console.log(`| ${[engine, name, values.length, ...figures].join(" | ")} |`);
    }
  } finally {
    await workers.dispose();
  }
}
