/** The same label set stored twice at once, and again, where R2 takes one write a second of an object, as Cloudflare's does. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Answer, request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { wrapped } from "../support/wrapped-worker.ts";

/** `GET /puts` answers the keys that were put, or were to be, since the last time. */
const PACED_GATEWAY = `
import gateway, { Lines, Towers } from "MAIN";

export { Lines, Towers };

const written = new Map();
let puts = [];

const paced = (bucket) =>
  new Proxy(bucket, {
    get(target, name) {
      const method = target[name].bind(target);
      if (name !== "put") return method;
      return async (key, ...rest) => {
        puts.push(key);
        if (Date.now() - (written.get(key) ?? 0) < 1000)
          throw new Error("put: Reduce your concurrent request rate for the same object. (10058)");
        written.set(key, Date.now());
        return await method(key, ...rest);
      };
    },
  });

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/puts") {
      const answer = Response.json(puts);
      puts = [];
      return answer;
    }
    return await gateway.fetch(request, { ...env, SETS: paced(env.SETS) }, ctx);
  },
};`;

let workers: Workers;

beforeAll(async () => {
  workers = await startWorkers({
    change: (name, options) => (name === "edgeclip" ? wrapped(options, PACED_GATEWAY) : options),
  });
});

afterAll(async () => {
  await workers.dispose();
});

const create = (what: string, labels: number): Promise<Answer> =>
  request("POST", `${workers.url}/v1/label_sets`, {
    labels: Array.from({ length: labels }, (_, i) => `${what} ${i}`),
  });
const puts = async (): Promise<string[]> => (await (await fetch(`${workers.url}/puts`)).json()) as string[];

it("stores a small set once for two requests at once, and writes nothing for a third", async () => {
  const answers = await Promise.all([create("small", 3), create("small", 3)]);
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 201]);
  await puts();
  const { status, body } = await create("small", 3);
  expect([status, body.status]).toEqual([200, "ready"]);
  expect(await puts()).toEqual([]);
});

it("stores a large set once for two requests at once", async () => {
  const answers = await Promise.all([create("large", 1_001), create("large", 1_001)]);
  expect(answers.map(({ status }) => status)).toEqual([202, 202]);
  const [first, second] = answers.map(({ body }) => body.id);
  expect(first).toBe(second);
  await expect
    .poll(async () => (await request("GET", `${workers.url}/v1/label_sets/${first}`)).body.status, {
      timeout: 60_000,
    })
    .toBe("ready");
  await puts();
  expect((await create("large", 1_001)).status).toBe(200);
  expect(await puts()).toEqual([]);
});

it("stores a set again whose definition went in a deletion that failed", async () => {
  const { body } = await create("half gone", 3);
  const sets = await workers.miniflare.getR2Bucket("SETS", "edgeclip");
  await sets.delete(`definitions/${body.id}`);
  expect((await create("half gone", 3)).status).toBe(200);
  expect(await sets.head(`definitions/${body.id}`)).not.toBeNull();
});
