/**
 * Stored label sets that are as large as a request's body may be: several are shown, listed, deleted and used at once,
 * each when there is room for it, and the gateway stays within an isolate's memory.
 */
import type { R2Bucket } from "@cloudflare/workers-types";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LabelDefinition, LabelSetDefinition } from "../../functions/label-sets/definition.ts";
import { SetStore } from "../../functions/label-sets/set-store.ts";
import { NOBODY } from "../../functions/gateway/keys/caller.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { peakMemory } from "../support/memory/peak-memory.ts";
import { post } from "../support/post.ts";
import { type Answer, request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { provideScheduler } from "../../scripts/towers/provide-scheduler.ts";

provideScheduler();

const LIMIT_BYTES = 120_000_000;
/** As many as filled the isolate when no room was taken for them. */
const AT_ONCE = 12;

let workers: Workers;
let store: SetStore;

beforeAll(async () => {
  workers = await startWorkers();
  store = new SetStore((await workers.miniflare.getR2Bucket("SETS", "edgeclip")) as unknown as R2Bucket);
});

afterAll(async () => {
  await workers.dispose();
});

const idOf = (number: number): string => `ls_${number.toString(16).padStart(32, "0")}`;
const labelsOf = (count: number, characters: number, more: object = {}): LabelDefinition[] =>
  Array.from({ length: count }, (_, i) => ({
    label: `label ${i}`,
    prompts: ["a", "b"].map((name) => `${name} ${i} `.padEnd(characters, "x y ")),
    ...more,
  }));

/** Stores a set as the gateway does, without computing it. */
async function create(number: number, labels: LabelDefinition[], more: Partial<LabelSetDefinition> = {}) {
  const id = idOf(number);
  const { account } = NOBODY;
  const definition = { labels, templates: ["{}"], negative: ["a photo."], min_similarity: null, ...more };
  const examples = labels.flatMap((label) => label.examples ?? []).length;
  const summary = {
    id,
    account,
    name: null,
    labels: labels.length,
    prompts: 2 * labels.length,
    created_at: 0,
  };
  const taught = examples === 0 ? {} : { examples };
  await store.create({ ...summary, ...taught, templates: definition.templates }, definition);
  return { id, definition };
}

/** Asks at once, and for something else meanwhile. @returns the answers that are no refusal */
async function manyAtOnce(ask: (index: number) => Promise<Answer>): Promise<Answer[]> {
  let answers: Answer[] = [];
  const others: number[] = [];
  const peaks = await peakMemory(workers, async () => {
    const all = Promise.all(Array.from({ length: AT_ONCE }, (_, index) => ask(index)));
    others.push((await post(`${workers.url}/v1/embeddings`, { input: "fox" })).status);
    answers = await all;
  });
  const most = peaks.get("edgeclip")?.total ?? Infinity;
  console.log(`${answers.map(({ status }) => status).join(", ")}; at most ${(most / 1e6).toFixed(0)} MB`);
  expect(others).toEqual([200]);
  for (const { status, headers } of answers) {
    expect([200, 503]).toContain(status);
    expect(headers.has("retry-after")).toBe(status === 503);
  }
  expect(most).toBeLessThanOrEqual(LIMIT_BYTES);
  return answers.filter(({ status }) => status === 200);
}

describe("sets of 15 MB", () => {
  it("are shown", { timeout: 120_000 }, async () => {
    const negative = ["a photo.", 'of "quotes", \\ and }]{[', "€"];
    const { id, definition } = await create(1, labelsOf(1_000, 7_900), { negative, min_similarity: 0.1 });
    const shown = await manyAtOnce(() => request("GET", `${workers.url}/v1/label_sets/${id}`));
    expect(shown.length).toBeGreaterThan(0);
    for (const { body } of shown) {
      const { labels, ...rest } = definition;
      expect(body).toMatchObject({ id, status: "building", labels: 1_000, ...rest });
      expect(body.data).toEqual(labels);
    }
    const head = await fetch(`${workers.url}/v1/label_sets/${id}`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-type")]).toEqual([200, "application/json"]);
  });

  it("are deleted, with examples", { timeout: 120_000 }, async () => {
    const examples = [{ sha256: "0".repeat(64) }];
    for (let i = 0; i < AT_ONCE; i++) await create(10 + i, labelsOf(1_000, 7_900, { examples }));
    const removed = await manyAtOnce((index) =>
      request("DELETE", `${workers.url}/v1/label_sets/${idOf(10 + index)}`),
    );
    expect(removed.length).toBeGreaterThan(0);
  });

  it("are used for the first time", { timeout: 300_000 }, async () => {
    const image = await exampleBase64("fox.png");
    for (let i = 0; i < AT_ONCE; i++) await create(20 + i, labelsOf(400, 7_900 + i, { min_similarity: -1 }));
    const used = await manyAtOnce((index) =>
      post(`${workers.url}/v1/classify`, { image, label_set: idOf(20 + index) }),
    );
    expect(used.length).toBeGreaterThan(0);
    for (const { body } of used) expect(body.data[0].predictions).toHaveLength(5);
  });
});

it("a hundred sets of a hundred long templates are listed", { timeout: 120_000 }, async () => {
  const templates = Array.from({ length: 100 }, (_, i) => `${i} {} `.padEnd(512, "\u0001"));
  for (let i = 0; i < 100; i++) await create(1_000 + i, [{ label: "a" }], { templates });
  const page = `${workers.url}/v1/label_sets?limit=100&after=${idOf(999)}`;
  const listed = await manyAtOnce(() => request("GET", page));
  expect(listed.length).toBeGreaterThan(0);
  for (const { body } of listed) {
    expect(body).toMatchObject({
      object: "list",
      has_more: false,
      first_id: idOf(1_000),
      last_id: idOf(1_099),
    });
    expect(body.data).toHaveLength(100);
    expect(body.data[99].templates).toEqual(templates);
  }
});
