/** Sets whose request failed after they were stored, or was overtaken by a deletion; and how many sets there may be. */
import type { R2Bucket } from "@cloudflare/workers-types";
import { afterAll, beforeAll, expect, it } from "vitest";
import { MAX_STORED_SETS } from "../../functions/gateway/limits.ts";
import type { SetNamesRpc } from "../../functions/label-sets/set-names-rpc.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { type Answer, request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { wrapped } from "../support/wrapped-worker.ts";

const ACCOUNT = "public";
/** Objects written at once. */
const WRITES = 50;

/** A gateway whose text tower, or whose R2 for plans, fails once if `POST /failing` says so. */
const FAILING = `
import gateway, { Lines, Towers } from "MAIN";

export { Lines, Towers };

let failing = "";
const fail = (what) => {
  if (failing !== what) return;
  failing = "";
  throw new Error(what + " failed");
};

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/failing") {
      failing = await request.text();
      return new Response();
    }
    const TEXT = {
      embedTokens: async (...call) => {
        fail("text");
        return await env.TEXT.embedTokens(...call);
      },
    };
    const SETS = new Proxy(env.SETS, {
      get: (bucket, name) => async (...call) => {
        if (name === "put" && call[0].startsWith("plans/")) fail("plans");
        return await bucket[name](...call);
      },
    });
    return await gateway.fetch(request, { ...env, TEXT, SETS }, ctx);
  },
};`;

/** Objects that give no name while they are told to hold. */
const HOLDING = `
import state, { AccountState as Deployed, BatchState, VectorStoreState } from "MAIN";
export { BatchState, VectorStoreState };
let holds = false;
let held = 0;
export class AccountState extends Deployed {
  async nameSet(...naming) {
    if (holds) held++;
    while (holds) await scheduler.wait(20);
    return await super.nameSet(...naming);
  }
}
export default {
  async fetch(request) {
    const told = await request.text();
    if (told !== "") holds = told === "hold";
    return Response.json(held);
  },
};`;

let workers: Workers;
let sets: R2Bucket;

beforeAll(async () => {
  workers = await startWorkers({
    change: (name, options) => {
      if (name === "edgeclip") return wrapped(options, FAILING);
      return name === "edgeclip-state" ? wrapped(options, HOLDING) : options;
    },
  });
  sets = (await workers.miniflare.getR2Bucket("SETS", "edgeclip")) as unknown as R2Bucket;
});

afterAll(async () => {
  await workers.dispose();
});

const create = (body: object): Promise<Answer> => request("POST", `${workers.url}/v1/label_sets`, body);
const show = (id: string): Promise<Answer> => request("GET", `${workers.url}/v1/label_sets/${id}`);
const remove = (id: string): Promise<Answer> => request("DELETE", `${workers.url}/v1/label_sets/${id}`);
const listed = async (): Promise<string[]> => {
  const { body } = await request("GET", `${workers.url}/v1/label_sets?limit=100`);
  return body.data.map(({ id }: { id: string }) => id);
};

async function state(told: "" | "hold" | "go"): Promise<number> {
  const url = await workers.miniflare.unsafeGetDirectURL("edgeclip-state");
  return (await (await fetch(url, { method: "POST", body: told })).json()) as number;
}

const definitionOf = (index: number) => ({ labels: [`set ${index}`, "other"] });

it.each([
  ["a small set, whose text tower failed", "text", 3],
  ["a large set, whose plan was not written", "plans", 1_001],
])("%s, is computed once somebody asks for it", { timeout: 60_000 }, async (what, failing, count) => {
  await fetch(`${workers.url}/failing`, { method: "POST", body: failing });
  const labels = Array.from({ length: count }, (_, i) => `${what} ${i}`);
  expect((await create({ labels })).status).toBe(503);
  const [id = ""] = await listed();
  await expect.poll(async () => (await show(id)).body.status, { timeout: 50_000 }).toBe("ready");
  await remove(id);
});

it("a small set that is computed in the background is there for a classification at once", async () => {
  await fetch(`${workers.url}/failing`, { method: "POST", body: "text" });
  expect((await create({ labels: ["fox", "waits for nobody"] })).status).toBe(503);
  const [id = ""] = await listed();
  expect((await show(id)).body.status).toBe("building");
  expect((await sets.list({ prefix: `plans/${id}/` })).objects).not.toEqual([]);
  const image = await exampleBase64("fox.png");
  const answer = await request("POST", `${workers.url}/v1/classify`, { image, label_set: id });
  expect([answer.status, answer.body.data?.[0].prediction]).toEqual([200, "fox"]);
  await remove(id);
});

it("a damaged set may be deleted and stored again", async () => {
  const body = { labels: ["damaged"] };
  const { id } = (await create(body)).body;
  await sets.put(`accounts/${ACCOUNT}/${id}`, "{");
  expect((await show(id)).status).toBe(503);
  expect((await remove(id)).status).toBe(200);
  expect((await show(id)).status).toBe(404);
  expect((await create(body)).status).toBe(201);
  expect((await remove(id)).status).toBe(200);
});

it("a set that is deleted while it is named does not have the name", async () => {
  const definition = { labels: ["named", "and gone"] };
  const { body: set } = await create(definition);
  await state("hold");
  const naming = create({ ...definition, name: "gone" });
  await expect.poll(() => state("")).toBe(1);
  expect((await remove(set.id)).status).toBe(200);
  await state("go");
  const { status, body } = await naming;
  expect([status, body.error?.code]).toEqual([404, "label_set_not_found"]);
  const accounts = await workers.miniflare.getDurableObjectNamespace("ACCOUNTS", "edgeclip");
  const object = accounts.getByName(ACCOUNT) as unknown as SetNamesRpc;
  expect(await object.setNamed("gone")).toBeUndefined();
});

it("an account has so many sets and no more", { timeout: 60_000 }, async () => {
  expect(await listed()).toEqual([]);
  const others = Array.from({ length: MAX_STORED_SETS - 3 }, (_, i) => `ls_${String(i).padStart(32, "0")}`);
  for (let first = 0; first < others.length; first += WRITES) {
    const some = others.slice(first, first + WRITES);
    await Promise.all(some.map((id) => sets.put(`accounts/${ACCOUNT}/${id}`, "{}")));
  }
  const ids: string[] = [];
  for (const index of [1, 2, 3]) {
    const { status, body } = await create(definitionOf(index));
    expect(status).toBe(201);
    ids.push(body.id);
  }
  const before = (await sets.list({ prefix: "definitions/" })).objects.length;
  for (const labels of [["set 4", "other"], Array.from({ length: 1_001 }, (_, i) => `large ${i}`)]) {
    const { status, body } = await create({ labels });
    expect([status, body.error.code]).toEqual([403, "storage_limit_exceeded"]);
  }
  expect((await sets.list({ prefix: "definitions/" })).objects).toHaveLength(before);
  expect((await sets.list({ prefix: "open-builds/" })).objects).toEqual([]);
  expect((await create(definitionOf(1))).status).toBe(200);
  expect((await remove(ids[1] ?? "")).status).toBe(200);
  expect((await create(definitionOf(4))).status).toBe(201);
});
