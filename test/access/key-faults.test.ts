/** Requests while the key store or the rate counter fails, and how fast they recover. */
import type { V4WorkerOptions } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newKey } from "../../functions/gateway/keys/api-key.ts";
import { addKey } from "../support/add-key.ts";
import { type Answer, request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

/** Stands between the gateway and its keys and counters. `POST /` with a mode sets its behavior. */
const SCRIPT = `
import { WorkerEntrypoint } from "cloudflare:workers";
let mode = "well";
async function meet(well) {
  if (mode === "errors") throw new Error("KV is down");
  if (mode === "silent") await scheduler.wait(60_000);
  return await well();
}
export class Keys extends WorkerEntrypoint {
  async get(path) {
    if (mode === "damaged") return JSON.parse('{"id":');
    return await meet(() => this.env.KEYS.get(path, "json"));
  }
  async list(options) {
    const { keys } = await meet(() => this.env.KEYS.list(options));
    return { keys };
  }
}
export class Counter extends WorkerEntrypoint {
  async limit() {
    return await meet(async () => ({ success: true }));
  }
}
export default {
  async fetch(incoming) {
    mode = await incoming.text();
    return new Response(mode);
  },
};`;

const FAULTY: V4WorkerOptions = {
  name: "faulty",
  modules: [{ type: "ESModule", path: "faulty.js", contents: SCRIPT }],
  compatibilityDate: "2026-10-20",
  kvNamespaces: { KEYS: "edgeclip-keys" },
  unsafeDirectSockets: [{}],
};

function behindFaulty({ kvNamespaces, ratelimits: _limits, ...options }: V4WorkerOptions): V4WorkerOptions {
  const { KEYS: _keys, ...rest } = kvNamespaces as Record<string, string>;
  const counter = { name: "faulty", entrypoint: "Counter" };
  return {
    ...options,
    kvNamespaces: rest,
    serviceBindings: {
      ...options.serviceBindings,
      KEYS: { name: "faulty", entrypoint: "Keys" },
      LIMIT_STANDARD: counter,
      LIMIT_PUBLIC: counter,
    },
  };
}

let workers: Workers;

beforeAll(async () => {
  workers = await startWorkers({
    access: "keys",
    change: (name, options) => (name === "edgeclip" ? behindFaulty(options) : options),
    add: [FAULTY],
  });
});

afterAll(async () => {
  await workers.dispose();
});

async function be(mode: string): Promise<void> {
  await fetch(await workers.miniflare.unsafeGetDirectURL("faulty"), { method: "POST", body: mode });
}

/** A key that no isolate has seen yet. */
async function freshKey(): Promise<string> {
  const store = await workers.miniflare.getKVNamespace("KEYS", "faulty");
  return (await addKey(store, "a")).key;
}

function ask(key: string): Promise<Answer> {
  return request("GET", `${workers.url}/v1/models`, undefined, { authorization: `Bearer ${key}` });
}

describe("API keys", () => {
  it.each([
    ["errors", 2],
    ["silent", 7],
    ["damaged", 2],
  ])("whose store is %s: 503 in time, nobody let in, and over at once", async (mode, seconds) => {
    const key = await freshKey();
    await be(mode);
    const before = Date.now();
    const { status, body, headers } = await ask(key);
    expect([status, body.error.code]).toEqual([503, "overloaded"]);
    expect(headers.get("retry-after")).not.toBeNull();
    expect(Date.now() - before).toBeLessThan(seconds * 1000);
    await be("well");
    expect((await ask(key)).status).toBe(200);
  });

  it("that are remembered still work while the store is down", async () => {
    const key = await freshKey();
    await be("well");
    expect((await ask(key)).status).toBe(200);
    await be("errors");
    expect((await ask(key)).status).toBe(200);
    await be("well");
  });
});

it("API keys that do not exist are not looked up again at once", async () => {
  const key = newKey();
  await be("well");
  expect((await ask(key)).status).toBe(401);
  await be("errors");
  expect((await ask(key)).status).toBe(401);
  expect((await ask(newKey())).status).toBe(503);
  await be("well");
});

describe("the rate counter", () => {
  it.each(["errors", "silent"])("that is %s limits nobody, and costs a second at most", async (mode) => {
    const key = await freshKey();
    await be("well");
    expect((await ask(key)).status).toBe(200);
    await be(mode);
    const before = Date.now();
    expect((await ask(key)).status).toBe(200);
    expect(Date.now() - before).toBeLessThan(3000);
    await be("well");
  });
});
