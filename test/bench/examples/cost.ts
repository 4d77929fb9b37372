/**
 * What examples cost: the gateway's own time of a warm classification (the total in `server-timing` minus `image` and
 * `decode`), 400 labels with and without 5 examples each, vectors of 640 values as at full size. The towers are small,
 * because their time does not count. Also: making such a set, and `/healthz` meanwhile.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { random, unitVector } from "../../support/random.ts";
import { exampleBase64 } from "../../support/example-pictures.ts";
import { LEDGER, throughLedger } from "../../support/faulty/ledger.ts";
import { request } from "../../support/send-request.ts";
import { buildSynthetic } from "../../support/models/synthetic-model.ts";
import { startWorkers, totalBytes, type Workers } from "../../support/workers.ts";
import { median } from "../harness/statistics.ts";
import { finishedSet, post } from "./asking.ts";

const LABELS = 400;
const EXAMPLES = 5;
const ROUNDS = 100;

/** Prints times and reads. */
export async function measureCost(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "edgeclip-examples-"));
  try {
    const { out } = await buildSynthetic("wide", folder);
    const workers = await startWorkers({
      model: out,
      change: (name, options) => (name === "edgeclip" ? throughLedger(options) : options),
      add: [LEDGER],
    });
    try {
      await measure(workers);
    } finally {
      await workers.dispose();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measure(workers: Workers): Promise<void> {
  const { url } = workers;
  const image = await exampleBase64("fox.png");
  const { data, revision } = await post(`${url}/v1/embeddings`, { input: [{ image }] });
  const width = data[0].embedding.length as number;
  const next = random(1);
  const example = (): object => {
    const embedding = Buffer.from(unitVector(width, next).buffer).toString("base64");
    return { embedding, revision };
  };
  const names = Array.from({ length: LABELS }, (_, i) => `label ${i}`);
  const { id: plain } = await post(`${url}/v1/label_sets`, { labels: names });
  const labels = names.map((label) => ({ label, examples: Array.from({ length: EXAMPLES }, example) }));

  const health: number[] = [];
  let isMade = false;
  const watch = async (): Promise<void> => {
    for (;;) {
      if (isMade) return;
      const start = performance.now();
      await (await fetch(`${url}/healthz`)).text();
      health.push(performance.now() - start);
      await sleep(10);
    }
  };
  const watching = watch();
  const start = performance.now();
  const { id: taught } = await post(`${url}/v1/label_sets`, { labels });
  await finishedSet(url, taught);
  const making = performance.now() - start;
  isMade = true;
  await watching;
  console.log(
    `making a set of ${LABELS} labels × ${EXAMPLES} examples of ${width} values: ${(making / 1000).toFixed(1)} s; ` +
      `/healthz meanwhile: median ${median(health).toFixed(0)} ms, most ${Math.max(...health).toFixed(0)} ms`,
  );

  const times = new Map<string, number[]>([
    [plain, []],
    [taught, []],
  ]);
  const ledger = await workers.miniflare.unsafeGetDirectURL("ledger");
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [id, samples] of times) {
      const time = await ownTime(url, { image, label_set: id });
      // The first request of each set loads it.
      if (round > 0) samples.push(time);
    }
    if (round === 0) await fetch(ledger);
  }
  const reads = await (await fetch(ledger)).json();
  const [without = 0, withExamples = 0] = [plain, taught].map((id) => median(times.get(id) ?? []));
  console.log(
    `own time of a warm classification, median of ${ROUNDS}: ${without} ms by ${LABELS} texts, ${withExamples} ms with the ` +
      `examples; operations on R2 and KV in ${2 * ROUNDS} requests: ${JSON.stringify(reads)}`,
  );
  const gateway = (await workers.memory(true)).get("edgeclip");
  console.log(`the gateway holds ${((gateway === undefined ? 0 : totalBytes(gateway)) / 1e6).toFixed(1)} MB`);
}

async function ownTime(url: string, body: object): Promise<number> {
  const { status, headers } = await request("POST", `${url}/v1/classify`, body);
  if (status !== 200) throw new Error(`status ${status}`);
  const parts = [...(headers.get("server-timing") ?? "").matchAll(/(\w+);dur=([\d.]+)/g)];
  const {
    total = 0,
    image = 0,
    decode = 0,
  } = Object.fromEntries(parts.map(([, name, duration]) => [name, Number(duration)]));
  return total - image - decode;
}
