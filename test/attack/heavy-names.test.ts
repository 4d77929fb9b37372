/**
 * Names of stored labels that are as long as a request's body may be: a short request for all of them, many times, does
 * not fill the isolate.
 */
import type { R2Bucket } from "@cloudflare/workers-types";
import { afterAll, beforeAll, expect, it } from "vitest";
import { NOBODY } from "../../functions/gateway/keys/caller.ts";
import { SetStore } from "../../functions/label-sets/set-store.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { peakMemory } from "../support/memory/peak-memory.ts";
import { post } from "../support/post.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { provideScheduler } from "../../scripts/towers/provide-scheduler.ts";

// Workers have this function for pauses.
provideScheduler();

const LIMIT_BYTES = 120_000_000;
const LABELS = 900;
const CHARACTERS = 8_192;
/** Bytes of all names in an answer. */
const NAMES = LABELS * CHARACTERS;

const [SET, OTHER] = ["ls_00000000000000000000000000000001", "ls_00000000000000000000000000000002"];

let workers: Workers;
let image: string;

beforeAll(async () => {
  workers = await startWorkers();
  image = await exampleBase64("fox.png");
  const store = new SetStore(
    (await workers.miniflare.getR2Bucket("SETS", "edgeclip")) as unknown as R2Bucket,
  );
  const { account } = NOBODY;
  for (const id of [SET, OTHER]) {
    // In memory, the wide character makes two bytes of each other one. The prompt is the same, so it is computed once.
    const labels = Array.from({ length: LABELS }, (_, i) => ({
      label: `中 ${i} `.padEnd(CHARACTERS, "x"),
      prompts: ["a"],
    }));
    const definition = { labels, templates: ["{}"], negative: ["a photo."], min_similarity: null };
    const summary = {
      id,
      account,
      name: null,
      labels: LABELS,
      prompts: LABELS,
      created_at: 0,
      templates: ["{}"],
    };
    await store.create(summary, definition);
    await classify({ label_set: id });
  }
}, 120_000);

afterAll(async () => {
  await workers.dispose();
});

/** Reads the answer without keeping it. */
async function classify(more: object): Promise<{ status: number; bytes: number }> {
  const response = await fetch(`${workers.url}/v1/classify`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ image, ...more }),
  });
  let bytes = 0;
  for await (const piece of response.body ?? []) bytes += piece.length;
  return { status: response.status, bytes };
}

/** @returns bytes of the gateway */
async function peakWhile(run: () => Promise<unknown>): Promise<number> {
  const most = (await peakMemory(workers, run)).get("edgeclip")?.total ?? Infinity;
  console.log(`at most ${(most / 1e6).toFixed(0)} MB`);
  return most;
}

it("a set that is named sixteen times is ranked once", { timeout: 120_000 }, async () => {
  const sets = Array.from({ length: 16 }, () => SET);
  const most = await peakWhile(async () => {
    const { status, bytes } = await classify({ label_set: sets, top_k: 1_000 });
    expect(status).toBe(200);
    expect(bytes).toBeGreaterThan(sets.length * NAMES);
  });
  expect(most).toBeLessThanOrEqual(LIMIT_BYTES);
});

it("an answer with longer names is refused", { timeout: 120_000 }, async () => {
  const { status, body } = await post(`${workers.url}/v1/classify`, {
    image,
    label_set: [SET, OTHER],
    top_k: 1_000,
  });
  expect([status, body.error]).toEqual([
    400,
    {
      message: "top_k: the answer would have names of labels of more than 8 MB together",
      type: "invalid_request_error",
      param: "top_k",
      code: "too_many_items",
    },
  ]);
  expect((await classify({ label_set: [SET, OTHER], top_k: 400 })).status).toBe(200);
});

it("answers with many names wait for room", { timeout: 120_000 }, async () => {
  let statuses: number[] = [];
  const most = await peakWhile(async () => {
    const asked = Array.from({ length: 8 }, () => classify({ label_set: SET, top_k: 1_000 }));
    statuses = (await Promise.all(asked)).map(({ status }) => status);
  });
  console.log(statuses.join(", "));
  expect(new Set([200, ...statuses, 503])).toEqual(new Set([200, 503]));
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(LIMIT_BYTES);
});
