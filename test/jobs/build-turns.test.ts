/** An account with many large label sets leaves the queue's consumers to others, and has a limit of them. */
import type { V4WorkerOptions } from "miniflare";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { AccountBuildsRpc } from "../../functions/label-sets/builds/account-builds-rpc.ts";
import { MAX_BUILDING_SETS, MAX_OPEN_BUILDS } from "../../functions/label-sets/builds/build-limits.ts";
import { deliveries, withoutQueue } from "../support/faulty/deliveries.ts";
import { type Answer, request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { wrapped } from "../support/wrapped-worker.ts";

const JOBS = "edgeclip-jobs";
const SETS = 6;
/** Two parts each. */
const LABELS = 1_001;

/** A gateway that takes a second for a part, and says at how many it has worked at once, and of which sets they were. */
const SLOW_GATEWAY = `
import gateway, { Lines, Towers as Deployed } from "MAIN";

export { Lines };

let [running, most] = [0, 0];
const order = [];

export class Towers extends Deployed {
  async embedTokens(model, ids, lengths, wanted, requestId) {
    most = Math.max(most, ++running);
    order.push(requestId);
    try {
      await scheduler.wait(1_000);
      return await super.embedTokens(model, ids, lengths, wanted, requestId);
    } finally {
      running--;
    }
  }
}

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/seen") return Response.json({ most, order });
    return await gateway.fetch(request, env, ctx);
  },
};`;

let workers: Workers;

beforeAll(async () => {
  workers = await startWorkers({
    engine: "simd",
    add: [deliveries(JOBS)],
    change: (name, options): V4WorkerOptions => {
      if (name === JOBS) return withoutQueue(options);
      return name === "edgeclip" ? wrapped(options, SLOW_GATEWAY) : options;
    },
  });
  const settings = { method: "POST", body: JSON.stringify({ atOnce: 4 }) };
  await fetch(await workers.miniflare.unsafeGetDirectURL("deliveries"), settings);
});

afterAll(async () => {
  await workers.dispose();
});

const create = (what: string, labels = LABELS): Promise<Answer> =>
  request("POST", `${workers.url}/v1/label_sets`, {
    labels: Array.from({ length: labels }, (_, i) => `${what} ${i}`),
  });
const show = (id: string): Promise<Answer> => request("GET", `${workers.url}/v1/label_sets/${id}`);

async function account(): Promise<AccountBuildsRpc> {
  const accounts = await workers.miniflare.getDurableObjectNamespace("ACCOUNTS", "edgeclip");
  return accounts.getByName("public") as unknown as AccountBuildsRpc;
}

it("has two sets of an account computed at once, and all in the end", { timeout: 240_000 }, async () => {
  const ids: string[] = [];
  for (let set = 0; set < SETS; set++) {
    const { status, body } = await create(`set ${set}`);
    expect(status).toBe(202);
    ids.push(body.id);
  }
  // Nobody asks for them meanwhile.
  const sets = await workers.miniflare.getR2Bucket("SETS", "edgeclip");
  const isReady = async (): Promise<number> => (await sets.list({ prefix: "vectors/" })).objects.length;
  await expect.poll(isReady, { timeout: 200_000, interval: 500 }).toBe(SETS);
  const { most, order } = (await (await fetch(`${workers.url}/seen`)).json()) as {
    most: number;
    order: string[];
  };
  expect(most).toBe(MAX_BUILDING_SETS);
  // Each has its first part before another has its second.
  expect(new Set(order.slice(0, SETS)).size).toBe(SETS);
  for (const id of ids) expect((await show(id)).body.status).toBe("ready");
});

it("refuses a large set while a hundred are computed, and stores nothing of it", async () => {
  const object = await account();
  const model = workers.prefix.replace("/", "@");
  const other = (index: number) => ({ id: `ls_${String(index).padStart(32, "0")}`, model });
  for (let index = 0; index < MAX_OPEN_BUILDS; index++)
    expect(await object.openBuild(other(index), MAX_OPEN_BUILDS)).toBe(true);
  const { status, body, headers } = await create("one more");
  expect([status, body.error.code, body.error.type]).toEqual([
    429,
    "rate_limit_exceeded",
    "rate_limit_error",
  ]);
  expect(headers.get("retry-after")).toMatch(/^\d+$/);
  const { body: list } = await request("GET", `${workers.url}/v1/label_sets`);
  expect(list.data).toHaveLength(SETS);
  expect((await create("small", 3)).status).toBe(201);
  const message = { account: "public", ...other(7), turn: "turn" };
  await object.beginTurn(message, MAX_BUILDING_SETS, "begin");
  await object.endTurn(message, "over", MAX_BUILDING_SETS, "end");
  const created = await create("one more");
  expect(created.status).toBe(202);
  expect((await create("another")).status).toBe(429);
  // A deleted one counts no more.
  await request("DELETE", `${workers.url}/v1/label_sets/${created.body.id}`);
  expect((await create("another")).status).toBe(202);
});
