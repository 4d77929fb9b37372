/** Label sets whose messages the queue lost are computed all the same, although nobody asks for them. */
import type { R2Bucket } from "@cloudflare/workers-types";
import type { V4WorkerOptions } from "miniflare";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { AccountBuildsRpc } from "../../functions/label-sets/builds/account-builds-rpc.ts";
import { MAX_BUILDING_SETS, MAX_OPEN_BUILDS } from "../../functions/label-sets/builds/build-limits.ts";
import { type Answer, request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { wrapped } from "../support/wrapped-worker.ts";

const ACCOUNT = "public";
const JOBS = "edgeclip-jobs";
const STATE = "edgeclip-state";
/** Two parts. */
const LABELS = 1_001;

/** Loses every message while it is told to, says of which sets messages came, and may have a clock that is ahead. */
const FORGETFUL = `
import jobs from "MAIN";
let forgets = false;
let aheadMs = 0;
const seen = [];
const now = Date.now.bind(Date);
Date.now = () => now() + aheadMs;
export default {
  ...jobs,
  async queue(batch, ...rest) {
    for (const { body } of batch.messages) seen.push(body.id);
    if (!forgets) await jobs.queue(batch, ...rest);
  },
  async fetch(request) {
    ({ forgets, aheadMs } = await request.json());
    return Response.json(seen.splice(0));
  },
};`;

/** Objects whose clock may be ahead. */
const AHEAD = `
import { AccountState, BatchState, VectorStoreState } from "MAIN";
export { AccountState, BatchState, VectorStoreState };
let aheadMs = 0;
const now = Date.now.bind(Date);
Date.now = () => now() + aheadMs;
export default {
  async fetch(request) {
    ({ aheadMs } = await request.json());
    return new Response();
  },
};`;

let workers: Workers;
let sets: R2Bucket;
let jobs: { scheduled(event: { cron: string }): Promise<{ outcome: string }> };

beforeAll(async () => {
  workers = await startWorkers({
    engine: "simd",
    change: (name, options): V4WorkerOptions => {
      if (name === JOBS) return wrapped(options, FORGETFUL);
      return name === STATE ? wrapped(options, AHEAD) : options;
    },
  });
  sets = (await workers.miniflare.getR2Bucket("SETS", "edgeclip")) as unknown as R2Bucket;
  jobs = (await workers.miniflare.getWorker(JOBS)) as unknown as typeof jobs;
});

beforeEach(async () => {
  await tell({ forgets: true, aheadMs: 0 });
});

afterAll(async () => {
  await workers.dispose();
});

/** @returns sets whose messages came since the last time */
async function tell(settings: { forgets: boolean; aheadMs: number }): Promise<string[]> {
  const [ofJobs, ofState] = await Promise.all(
    [JOBS, STATE].map(async (name) => {
      const url = await workers.miniflare.unsafeGetDirectURL(name);
      return await fetch(url, { method: "POST", body: JSON.stringify(settings) });
    }),
  );
  await ofState?.text();
  return (await ofJobs?.json()) as string[];
}

const create = (what: string): Promise<Answer> =>
  request("POST", `${workers.url}/v1/label_sets`, {
    labels: Array.from({ length: LABELS }, (_, i) => `${what} ${i}`),
  });
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const keys = async (prefix: string): Promise<string[]> =>
  (await sets.list({ prefix })).objects.map(({ key }) => key);
const marks = (): Promise<string[]> => keys("open-builds/");
const sweep = async (): Promise<string> => (await jobs.scheduled({ cron: "*/15 * * * *" })).outcome;

async function account(): Promise<AccountBuildsRpc> {
  const accounts = await workers.miniflare.getDurableObjectNamespace("ACCOUNTS", "edgeclip");
  return accounts.getByName(ACCOUNT) as unknown as AccountBuildsRpc;
}

const buildOf = (index: number) => ({
  id: `ls_${String(index).padStart(32, "0")}`,
  model: workers.prefix.replace("/", "@"),
});

it(
  "three sets are ready after the sweep, if all of their messages were lost",
  { timeout: 240_000 },
  async () => {
    const ids: string[] = [];
    for (const what of ["a", "b", "c"]) {
      const { status, body } = await create(what);
      expect(status).toBe(202);
      ids.push(body.id);
    }
    await wait(2_500);
    expect((await tell({ forgets: false, aheadMs: 0 })).toSorted()).toEqual(ids.toSorted());
    expect(await marks()).toHaveLength(ids.length);
    // A message that may still come is not sent again.
    expect(await sweep()).toBe("ok");
    await wait(2_500);
    expect(await tell({ forgets: false, aheadMs: 121_000 })).toEqual([]);
    expect(await sweep()).toBe("ok");
    await expect.poll(() => keys("vectors/"), { timeout: 200_000, interval: 500 }).toHaveLength(ids.length);
    await expect.poll(marks, { timeout: 10_000 }).toEqual([]);
  },
);

it("a request that is refused sends the messages on that would otherwise never come", async () => {
  const object = await account();
  for (let index = 0; index < MAX_OPEN_BUILDS; index++) {
    const message = { account: ACCOUNT, ...buildOf(index), turn: `turn ${index}` };
    const { mayBegin } = await object.beginTurn(message, MAX_BUILDING_SETS, `call ${index}`);
    expect(mayBegin).toBe(index < MAX_BUILDING_SETS);
  }
  expect((await create("one more")).status).toBe(429);
  await wait(2_500);
  expect(await tell({ forgets: true, aheadMs: 181_000 })).toEqual([]);
  const first = [buildOf(2).id, buildOf(3).id];
  expect((await create("one more")).status).toBe(429);
  await wait(2_500);
  expect((await tell({ forgets: true, aheadMs: 302_000 })).toSorted()).toEqual(first);
  // Both are lost, and found by the mark of any set of the account.
  const { id, model } = buildOf(50);
  await sets.put(`open-builds/${ACCOUNT}/${id}:${model}`, "");
  expect(await sweep()).toBe("ok");
  await wait(2_500);
  expect((await tell({ forgets: false, aheadMs: 423_000 })).toSorted()).toEqual(first);
  // Nothing is stored of any of them, so they are over one after the other, except those that have begun.
  expect((await create("one more")).status).toBe(429);
  await expect
    .poll(async () => (await object.resumeBuilds(0, "none")).open, { timeout: 60_000 })
    .toEqual([buildOf(0), buildOf(1)]);
  expect(await marks()).toEqual([]);
  const created = await create("one more");
  expect(created.status).toBe(202);
  expect(await marks()).toEqual([`open-builds/${ACCOUNT}/${created.body.id}:${model}`]);
  await request("DELETE", `${workers.url}/v1/label_sets/${created.body.id}`);
  expect(await marks()).toEqual([]);
});

it("a mark of a set that is not computed goes, once its request is over", async () => {
  const { id, model } = buildOf(99);
  await sets.put(`open-builds/${ACCOUNT}/${id}:${model}`, "");
  expect(await sweep()).toBe("ok");
  expect(await marks()).toHaveLength(1);
  await tell({ forgets: false, aheadMs: 600_000 });
  expect(await sweep()).toBe("ok");
  expect(await marks()).toEqual([]);
});
