/** Text embeddings in KV: a new isolate reads them, damaged ones do no harm, and requests succeed without KV. */
import { setTimeout as sleep } from "node:timers/promises";
import type { KVNamespace } from "@cloudflare/workers-types";
import type { V4WorkerOptions } from "miniflare";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { exampleBase64 } from "../../support/example-pictures.ts";
import { type Answer, post } from "../../support/post.ts";
import { textRuns } from "../../support/text-runs.ts";
import { startWorkers, type Workers } from "../../support/workers.ts";

const GATEWAY = "edgeclip";
const LABELS = ["fox", "bus"];

let image: string;
let workers: Workers;
/** The answers of Workers with empty caches, and what they stored in KV. */
let computed: Answer["body"];
let revision: string;
let written: [key: string, value: string][];

beforeAll(async () => {
  image = await exampleBase64("fox.png");
  workers = await startWorkers();
  revision = workers.prefix.split("/")[1] ?? "";
  computed = (await classify()).body;
  written = await entries(await cache(), LABELS.length);
  await workers.dispose();
});

afterEach(async () => {
  await workers.dispose();
});

const classify = (): Promise<Answer> => post(`${workers.url}/v1/classify`, { image, labels: LABELS });

async function cache(): Promise<KVNamespace> {
  return (await workers.miniflare.getKVNamespace("CACHE", GATEWAY)) as unknown as KVNamespace;
}

/** The entries, once there are `count`: they are written after the response. */
async function entries(kv: KVNamespace, count: number): Promise<[key: string, value: string][]> {
  for (;;) {
    const { keys } = await kv.list();
    if (keys.length >= count) {
      return await Promise.all(keys.map(async ({ name }) => [name, (await kv.get(name)) ?? ""] as const));
    }
    await sleep(20);
  }
}

describe("the text cache", () => {
  it("names the revision in every key, and serves an isolate that has computed nothing", async () => {
    expect(written).toHaveLength(LABELS.length);
    for (const [key] of written) expect(key).toMatch(new RegExp(`^text\\d+/${revision}/[0-9a-f]{64}$`));

    workers = await startWorkers();
    const kv = await cache();
    for (const [key, value] of written) await kv.put(key, value);
    const { body } = await classify();
    expect(body.data).toEqual(computed.data);
    expect(body.usage).toMatchObject({
      prompt_tokens: computed.usage.prompt_tokens,
      prompt_tokens_details: { cached_tokens: computed.usage.prompt_tokens },
    });
    expect(await textRuns(workers)).toBe(0);
  });

  it("computes again what is damaged in KV", async () => {
    workers = await startWorkers();
    const kv = await cache();
    for (const [index, [key, value]] of written.entries()) {
      await kv.put(key, index === 0 ? value.slice(0, 100) : "not base64 at all!");
    }
    const { body } = await classify();
    expect(body.data).toEqual(computed.data);
    expect(body.usage.prompt_tokens_details.cached_tokens).toBe(0);
    expect(await textRuns(workers)).toBe(LABELS.length);
  });

  it("does without KV, and asks it no more than it must", async () => {
    workers = await startWorkers({
      change: (name, options) => (name === GATEWAY ? behindStandIn(options) : options),
      add: [KV_STAND_IN],
    });
    const control = await workers.miniflare.unsafeGetDirectURL("kv-stand-in");
    const standIn = async (mode: string): Promise<unknown> =>
      (await fetch(control, { method: "POST", body: mode })).json();

    await standIn("down");
    expect((await classify()).body.data).toEqual(computed.data);
    // From memory.
    const { usage } = (await classify()).body;
    expect(usage.prompt_tokens_details.cached_tokens).toBe(usage.prompt_tokens);
    expect(workers.logs.join("\n")).toContain("text cache not readable");

    await standIn("empty");
    const labels = Array.from({ length: 1000 }, (_, i) => `label ${i}`);
    const request = { image, labels, templates: "openai-80" };
    const { status, body } = await post(`${workers.url}/v1/classify`, request);
    expect([status, body.error.code, body.error.param]).toEqual([400, "too_many_items", "labels"]);
    // The whole list, then its labels, 100 keys a read.
    expect(await standIn("empty")).toBe(11);
    expect(await textRuns(workers)).toBe(LABELS.length);
  });
});

/** Bound in place of KV. `POST /` with `down` or `empty` says how to behave and answers the reads since the last. */
const KV_STAND_IN: V4WorkerOptions = {
  name: "kv-stand-in",
  modules: [
    {
      type: "ESModule",
      path: "kv-stand-in.js",
      contents: `
import { WorkerEntrypoint } from "cloudflare:workers";
let mode = "empty";
let reads = 0;
export class Kv extends WorkerEntrypoint {
  get(keys) {
    reads++;
    if (mode === "down") throw new Error("KV is down");
    return new Map(keys.map((key) => [key, null]));
  }
  put() {
    if (mode === "down") throw new Error("KV is down");
  }
}
export default {
  async fetch(request) {
    const answer = Response.json(reads);
    mode = await request.text();
    reads = 0;
    return answer;
  },
};`,
    },
  ],
  compatibilityDate: "2026-10-20",
  unsafeDirectSockets: [{}],
};

function behindStandIn(options: V4WorkerOptions): V4WorkerOptions {
  const { kvNamespaces: _, ...rest } = options;
  const CACHE = { name: "kv-stand-in", entrypoint: "Kv" };
  return { ...rest, serviceBindings: { ...options.serviceBindings, CACHE } };
}
