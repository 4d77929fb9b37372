/**
 * A large set is computed once, however many requests ask for it and whatever happens to the messages: real queues,
 * with messages delivered to ten consumers at once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deliveries, killedAt, withoutQueue } from "../support/faulty/deliveries.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { untilReady } from "../support/label-sets.ts";
import { type Answer, request } from "../support/send-request.ts";
import { textRuns } from "../support/text-runs.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const LABELS = 3000;
/** The number of labels, and the negative prompt. */
const TEXTS = LABELS + 1;
const CONSUMER = "edgeclip-jobs";

let workers: Workers;
let image: string;

async function start(killedParts: readonly number[]): Promise<Workers> {
  return await startWorkers({
    engine: "simd",
    change: (name, options) => (name === CONSUMER ? withoutQueue(killedAt(killedParts, options)) : options),
    add: [deliveries(CONSUMER)],
  });
}

async function deliver(settings: { atOnce?: number; copies?: number }): Promise<void> {
  const url = await workers.miniflare.unsafeGetDirectURL("deliveries");
  await fetch(url, { method: "POST", body: JSON.stringify(settings) });
}

const post = (what: string): Promise<Answer> =>
  request("POST", `${workers.url}/v1/label_sets`, {
    labels: Array.from({ length: LABELS }, (_, i) => `${what} ${i}`),
  });
const classify = (id: string): Promise<Answer> =>
  request("POST", `${workers.url}/v1/classify`, { image, label_set: id, top_k: LABELS });
const show = (id: string): Promise<Answer> => request("GET", `${workers.url}/v1/label_sets/${id}`);

/**
 * Creates a set, requests it repeatedly while it is computed, and waits for the end. @returns the number of texts
 * computed
 */
async function build(what: string, asks: number): Promise<{ id: string; texts: number }> {
  const before = await textRuns(workers);
  const created = await post(what);
  expect([created.status, created.body.status]).toEqual([202, "building"]);
  const { id } = created.body;
  for (let asked = 0; asked < asks; asked++) {
    const answer = asked % 2 === 0 ? await classify(id) : await post(what);
    expect([200, 202, 503]).toContain(answer.status);
    await sleep(50);
  }
  await untilReady(workers.url, id);
  // Wait for work that is still running, because it would be counted, too.
  await sleep(3000);
  return { id, texts: (await textRuns(workers)) - before };
}

async function stored(): Promise<string[]> {
  const sets = await workers.miniflare.getR2Bucket("SETS", "edgeclip");
  return (await sets.list()).objects.map(({ key }) => key);
}

describe("a large set", { timeout: 240_000 }, () => {
  beforeAll(async () => {
    image = await exampleBase64("fox.png");
    workers = await start([]);
  });

  afterAll(async () => {
    await workers.dispose();
  });

  it.each([9, 30])("is computed once when it is asked for %i times meanwhile", async (asks) => {
    const { id, texts } = await build(`asked ${asks}`, asks);
    expect(texts).toBeGreaterThanOrEqual(TEXTS);
    expect(texts).toBeLessThanOrEqual(1.05 * TEXTS);
    expect((await classify(id)).body.data[0].predictions).toHaveLength(LABELS);
    expect((await stored()).filter((key) => /^(claims|parts)\//.test(key))).toEqual([]);
  });

  it("is computed once when every message comes three times", async () => {
    await deliver({ copies: 3 });
    const { texts } = await build("copied", 3);
    await deliver({ copies: 1 });
    expect(texts).toBeLessThanOrEqual(1.05 * TEXTS);
  });

  it("is computed, without a further request, even if a late deletion removes its claim, plan and parts", async () => {
    const { body } = await post("deleted and made again");
    while ((await show(body.id)).body.prompts_done === 0) {
      await sleep(50);
    }
    const sets = await workers.miniflare.getR2Bucket("SETS", "edgeclip");
    const rest = (await stored()).filter(
      (key) => /^(claims|plans|parts)\//.test(key) && key.includes(body.id),
    );
    await sets.delete(rest);
    await expect
      .poll(async () => (await stored()).filter((key) => key.startsWith(`vectors/${body.id}`)), {
        timeout: 120_000,
      })
      .toHaveLength(1);
  });

  it("leaves nothing behind when it is deleted meanwhile", async () => {
    const { body } = await post("deleted");
    while ((await show(body.id)).body.prompts_done === 0) {
      await sleep(50);
    }
    await request("DELETE", `${workers.url}/v1/label_sets/${body.id}`);
    await expect
      .poll(async () => (await stored()).filter((key) => key.includes(body.id)), { timeout: 20_000 })
      .toEqual([]);
    await sleep(3000);
    expect((await stored()).filter((key) => key.includes(body.id))).toEqual([]);
  });
});

describe("a consumer that dies in the middle of a part", { timeout: 240_000 }, () => {
  beforeAll(async () => {
    workers = await start([1]);
  });

  afterAll(async () => {
    await workers.dispose();
  });

  it("is replaced by another; only the part in progress is lost", async () => {
    const { id, texts } = await build("killed", 9);
    expect((await classify(id)).body.data[0].predictions).toHaveLength(LABELS);
    // A part of 512 texts was started twice.
    expect(texts).toBeGreaterThan(TEXTS);
    expect(texts).toBeLessThanOrEqual(1.05 * TEXTS + 512);
  });
});
