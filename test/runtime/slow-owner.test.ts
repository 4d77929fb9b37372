/** Two requests share a load that takes longer than a lease, though nothing is wrong: both are answered. */
import { rm } from "node:fs/promises";
import { expect, it, onTestFinished } from "vitest";
import { type Prepared, prepare, withCopy } from "../faults/deployment.ts";
import { post } from "../support/post.ts";
import { behindSlowR2, SLOW_R2, changeSlowR2 } from "../support/faulty/slow-r2.ts";
import { startWorkers } from "../support/workers.ts";

const LONG = 120_000;

it(
  "vectors of a label set that take 12 s",
  async () => {
    const prepared: Prepared = await prepare();
    onTestFinished(() => rm(prepared.storage, { recursive: true }));
    await withCopy(prepared, async (deployment) => {
      const { image, set } = prepared;
      const classify = (): ReturnType<typeof post> =>
        post(`${deployment.url}/v1/classify`, { image, label_set: set });
      await deployment.fail({
        rules: [
          { on: "CACHE.get", kind: "missing", times: Infinity },
          { on: "SETS.get", kind: "slow-body", times: 1 },
        ],
      });
      const answers = await Promise.all([classify(), classify()]);
      expect(answers.map(({ status, body }) => [status, body.data?.[0]?.prediction])).toEqual([
        [200, "fox"],
        [200, "fox"],
      ]);
      expect(await deployment.fail({ rules: [] })).toMatchObject({ "SETS.get slow-body": 1 });
    });
  },
  LONG,
);

it(
  "a text tower each of whose reads takes 6.5 s",
  async () => {
    const workers = await startWorkers({
      engine: "simd",
      change: (name, options) => (name === "edgeclip-text" ? behindSlowR2(options) : options),
      add: [SLOW_R2],
    });
    onTestFinished(() => workers.dispose());
    await changeSlowR2(workers, { latency: 6_500 });
    const create = (): ReturnType<typeof post> =>
      post(`${workers.url}/v1/label_sets`, { labels: ["fox", "bus"] });
    const answers = await Promise.all([create(), create()]);
    expect(answers.map(({ body }) => body.status ?? body.error)).toEqual(["ready", "ready"]);
  },
  LONG,
);
