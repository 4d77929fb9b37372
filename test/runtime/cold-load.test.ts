/** Other requests when a cold load fails: its client leaves, or R2 has wrong bytes. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exampleBase64 } from "../support/example-pictures.ts";
import { IMPATIENT, leaveUpon } from "../support/faulty/impatient.ts";
import { type Answer, post } from "../support/post.ts";
import { behindSlowR2, SLOW_R2, changeSlowR2, readsOfSlowR2, untilRead } from "../support/faulty/slow-r2.ts";
import { DEMO_MODEL, startWorkers, type Workers } from "../support/workers.ts";

const LABELS = ["fox", "bus"];

describe("a cold load behind a slow R2", () => {
  let workers: Workers;
  let request: { image: string; labels: string[] };
  let classify: () => Promise<Answer>;

  beforeEach(async () => {
    workers = await startWorkers({
      change: (name, options) => (/vision|text/.test(name) ? behindSlowR2(options) : options),
      add: [SLOW_R2, IMPATIENT],
    });
    // The image tower's 3.8 MB take well over a second: time enough to leave in the middle.
    await changeSlowR2(workers, { latency: 40, bytesPerSecond: 3e6 });
    request = { image: await exampleBase64("fox.png"), labels: LABELS };
    classify = () => post(`${workers.url}/v1/classify`, request);
  });

  afterEach(async () => {
    await workers.dispose();
  });

  it("survives that the client which caused it leaves", async () => {
    let waiting: Promise<Answer> | undefined;
    const inTheMiddle = async (): Promise<void> => {
      await untilRead(workers, "image-00.data");
      waiting = classify();
      await sleep(200);
    };
    expect(await leaveUpon(workers, "/v1/classify", request, inTheMiddle())).toBe(499);
    expect((await waiting)?.body.data[0].prediction).toBe("fox");
    expect((await classify()).body.data[0].prediction).toBe("fox");
  });

  it("reads each shard once for all who wait", async () => {
    const answers = await Promise.all([classify(), classify(), classify()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const weights = (await readsOfSlowR2(workers)).filter((key) => key.endsWith("image-00.data"));
    expect(weights).toHaveLength(1);
  });
});

describe("a shard whose bytes were changed in R2", () => {
  it("answers 503, names it in the log, and recovers once it is put right", async () => {
    const workers = await startWorkers();
    try {
      const key = `${workers.prefix}/image-00.data`;
      const original = await readFile(join(DEMO_MODEL, "image-00.data"));
      const changed = Buffer.from(original);
      changed[1000] = (changed[1000] ?? 0) ^ 1;
      await workers.models.put(key, changed);
      const image = await exampleBase64("fox.png");
      const classify = (): Promise<Answer> => post(`${workers.url}/v1/classify`, { image, labels: LABELS });

      const refused = await classify();
      expect(refused.status).toBe(503);
      expect(refused.body.error.code).toBe("model_unavailable");
      expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
      expect(workers.logs.join("\n")).toContain("image-00.data: its SHA-256 is not the manifest's");

      await workers.models.put(key, original);
      const answered = await classify();
      expect(answered.status).toBe(200);
      expect(answered.body.data[0].prediction).toBe("fox");
    } finally {
      await workers.dispose();
    }
  });
});
