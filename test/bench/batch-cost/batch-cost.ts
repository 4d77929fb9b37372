/**
 * What a million pictures cost, as requests and as a batch, at Cloudflare's prices: what is billed is counted while the
 * same number of new pictures is classified both ways, with labels that are cached.
 */
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI, { toFile } from "openai";
import { createBatch, ended, lineOf } from "../../batches/support/run-batch.ts";
import { post } from "../../support/post.ts";
import { childProcesses, processorTime } from "../support/processor-time.ts";
import { BILLED, type Counts, type CountingWorkers, startCounting } from "./counting-workers.ts";

/** Dollars for a million of each, and of milliseconds of CPU time (developers.cloudflare.com, in October 2026). */
const PRICES: Counts = {
  invocation: 0.3,
  queue: 0.4,
  r2Write: 4.5,
  r2Read: 0.36,
  kvWrite: 5,
  kvRead: 0.5,
  object: 0.15,
  row: 1,
};
const CPU_PRICE = 0.02;
const ENDPOINT = "/v1/classify";
const WARM_UP = 40;
/** Milliseconds between two questions how far a batch is, which are billed, too. */
const POLL_MS = 10_000;

interface Way {
  name: string;
  counts: Counts;
  cpuMs: number;
}

export interface CostOptions {
  model: string;
  /** Pictures of each way. */
  pictures: number;
  labels: readonly string[];
  newPicture: () => string;
}

/** Prints the tables. */
export async function compareCosts({ model, pictures, labels, newPicture }: CostOptions): Promise<void> {
  const workers = await startCounting(model);
  try {
    const client = new OpenAI({ baseURL: `${workers.url}/v1`, apiKey: "none" });
    const classify = async (count: number, image: () => object): Promise<void> => {
      for (let at = 0; at < count; at++) {
        const { status } = await post(`${workers.url}${ENDPOINT}`, { ...image(), labels });
        if (status !== 200) throw new Error(`status ${status}`);
      }
    };
    const answer = async (bodies: readonly object[]): Promise<void> => {
      const lines = bodies.map((body, index) => lineOf(ENDPOINT, `${index}`, body));
      const made = await createBatch(client, ENDPOINT, lines);
      const batch = await ended(client, made, 3_600_000, { pollMs: POLL_MS });
      const { completed } = batch.request_counts ?? {};
      if (batch.status !== "completed" || completed !== bodies.length) throw new Error(JSON.stringify(batch));
      await client.files.content(batch.output_file_id ?? "").then((response) => response.text());
      // What is cleared up afterwards counts, too.
      await sleep(2_000);
    };
    const inline = (): object => ({ image: newPicture() });
    const bodies = (count: number, image: () => object): object[] =>
      Array.from({ length: count }, () => ({ ...image(), labels }));
    await classify(WARM_UP, inline);
    await answer(bodies(WARM_UP, inline));
    const ways = [
      await measured("requests, the picture within", workers, () => classify(pictures, inline)),
      await measured("a batch, the picture within its line", workers, () => answer(bodies(pictures, inline))),
    ];
    const files: string[] = [];
    for (let at = 0; at < pictures; at++) {
      const bytes = Buffer.from(newPicture().split(",")[1] ?? "", "base64");
      const file = await toFile(bytes, "picture.bmp");
      files.push((await client.files.create({ file, purpose: "vision" })).id);
    }
    const byId = files.map((id) => ({ image: { file_id: id }, labels }));
    ways.push(await measured("a batch, the picture by file_id", workers, () => answer(byId)));
    print(ways, pictures);
  } finally {
    await workers.dispose();
  }
}

/** CPU time is that of workerd, where R2, KV, objects and queues run as well. */
async function measured(name: string, workers: CountingWorkers, run: () => Promise<void>): Promise<Way> {
  const processes = await childProcesses();
  await workers.counts();
  const before = await processorTime(processes);
  await run();
  const cpuMs = (await processorTime(processes)) - before;
  return { name, counts: await workers.counts(), cpuMs };
}

function print(ways: readonly Way[], pictures: number): void {
  console.log(`\n| for each of ${pictures} pictures | ${BILLED.join(" | ")} | CPU ms |`);
  console.log(`|---|${"---|".repeat(BILLED.length + 1)}`);
  for (const { name, counts, cpuMs } of ways) {
    const each = BILLED.map((what) => (counts[what] / pictures).toFixed(3));
    console.log(`| ${name} | ${each.join(" | ")} | ${(cpuMs / pictures).toFixed(1)} |`);
  }
  console.log("\n| a million pictures | operations, $ | CPU time, $ | together, $ |\n|---|---|---|---|");
  for (const { name, counts, cpuMs } of ways) {
    const operations = BILLED.reduce((sum, what) => sum + (counts[what] / pictures) * PRICES[what], 0);
    const cpu = (cpuMs / pictures) * CPU_PRICE;
    const columns = [operations, cpu, operations + cpu].map((dollars) => dollars.toFixed(2));
    console.log(`| ${name} | ${columns.join(" | ")} |`);
  }
}
