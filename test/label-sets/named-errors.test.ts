/**
 * Every endpoint that takes a label set says which one it cannot use, by the name or id that it was given: one that is
 * not there, one of another account, one that is still computed, one whose examples fit no model.
 */
import type { KVNamespace, R2Bucket } from "@cloudflare/workers-types";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBatch, ended, lineOf, linesOf } from "../batches/support/run-batch.ts";
import { addKey } from "../support/add-key.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { type Answer, request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const FOX = join(import.meta.dirname, "../../examples/fox.png");
const UNKNOWN_ID = `ls_${"0a".repeat(16)}`;

let workers: Workers;
let keys: { own: string; other: string };
let fox: string;
/** By what they are for. */
const ids: Record<string, string> = {};

beforeAll(async () => {
  workers = await startWorkers({
    access: "keys",
    // Nothing computes sets in the background, so that they stay as they are.
    change: (name, options) => {
      if (name !== "edgeclip-jobs") return options;
      const { "edgeclip-builds": _, ...consumers } = options.queueConsumers as Record<string, object>;
      return { ...options, queueConsumers: consumers } as typeof options;
    },
  });
  const store = (await workers.miniflare.getKVNamespace("KEYS", "edgeclip")) as unknown as KVNamespace;
  keys = { own: (await addKey(store, "a")).key, other: (await addKey(store, "b")).key };
  fox = await exampleBase64("fox.png");
  const taught = (word: string): object => ({
    name: word,
    labels: [{ label: word, examples: [fox] }, "bus"],
  });
  ids["good"] = await stored(keys.own, { name: "good", labels: ["fox", "bus"] });
  ids["computing"] = await stored(keys.own, taught("computing"));
  ids["unfit"] = await stored(keys.own, taught("unfit"));
  ids["foreign"] = await stored(keys.other, { name: "foreign", labels: ["harp", "bus"] });
  const sets = (await workers.miniflare.getR2Bucket("SETS", "edgeclip")) as unknown as R2Bucket;
  const revision = workers.prefix.split("/")[1];
  const vectors = `examples/${ids["unfit"]}/${revision}`;
  if ((await sets.head(vectors)) === null) throw new Error(`there is no ${vectors}`);
  await sets.delete(vectors);
});

afterAll(async () => {
  await workers.dispose();
});

async function call(method: string, path: string, body?: unknown, key = keys.own): Promise<Answer> {
  return await request(method, workers.url + path, body, { authorization: `Bearer ${key}` });
}

async function stored(key: string, definition: object): Promise<string> {
  const { status, body } = await call("POST", "/v1/label_sets", definition, key);
  expect(status, JSON.stringify(body)).toBeLessThan(300);
  return body.id;
}

async function formWith(set: string): Promise<FormData> {
  const form = new FormData();
  form.append("image", new Blob([new Uint8Array(await readFile(FOX))]), "fox.png");
  form.append("label_set", set);
  return form;
}

/** Requests that use a set, by what they are. */
const USES: Readonly<Record<string, (set: string) => Promise<Answer>>> = {
  "classify, JSON": (set) => call("POST", "/v1/classify", { image: fox, label_set: set }),
  "classify, a list of sets": (set) => call("POST", "/v1/classify", { image: fox, label_set: ["good", set] }),
  "classify, a form": async (set) => call("POST", "/v1/classify", await formWith(set)),
};
const MANAGES: typeof USES = {
  "GET /v1/label_sets/{id}": (set) => call("GET", `/v1/label_sets/${set}`),
  "DELETE /v1/label_sets/{id}": (set) => call("DELETE", `/v1/label_sets/${set}`),
};

interface Refusal {
  what: string;
  given: () => string;
  status: number;
  code: string;
  words: () => string;
}

function absent(what: string, given: () => string): Refusal {
  const words = (): string => `there is no label set "${given()}"`;
  return { what, given, status: 404, code: "label_set_not_found", words };
}

const ABSENT = [
  absent("an unknown name", () => "no-such-set"),
  absent("an unknown id", () => UNKNOWN_ID),
  absent("a name of another account", () => "foreign"),
  absent("an id of another account", () => ids["foreign"] ?? ""),
];

/** The same set by its name and by its id. */
function there(set: string, what: string, status: number, code: string, words: string): Refusal[] {
  return (["name", "id"] as const).map((how) => ({
    what: `${what}, by its ${how}`,
    given: () => (how === "name" ? set : (ids[set] ?? "")),
    status,
    code,
    words: () => `the label set ${shown(set, how)} ${words}`,
  }));
}

const UNFIT = there(
  "unfit",
  "a set without its examples' vectors",
  409,
  "label_set_model_mismatch",
  "has examples, and they have no vectors",
);
const COMPUTING = there(
  "computing",
  "a set that is being computed",
  503,
  "model_unavailable",
  "is still being computed",
);

function shown(set: string, how: "name" | "id"): string {
  const id = ids[set] ?? "";
  return how === "name" ? `"${set}" (${id})` : id;
}

describe.each([...ABSENT, ...UNFIT, ...COMPUTING])("$what", (refusal) => {
  it.each(Object.entries(USES))("is named by %s", async (_endpoint, ask) => {
    const { status, body } = await ask(refusal.given());
    expect([status, body.error.code, body.error.param]).toEqual([refusal.status, refusal.code, "label_set"]);
    expect(body.error.message).toContain(refusal.words());
  });
});

describe.each(ABSENT)("$what", (refusal) => {
  it.each(Object.entries(MANAGES))("is named by %s", async (_endpoint, ask) => {
    const { status, body } = await ask(refusal.given());
    expect([status, body.error.code]).toEqual([404, "label_set_not_found"]);
    expect(body.error.message).toContain(refusal.words());
  });
});

it("lines of a batch name the set, too", { timeout: 60_000 }, async () => {
  const client = new OpenAI({ baseURL: `${workers.url}/v1`, apiKey: keys.own, maxRetries: 0 });
  const refusals = [...ABSENT, ...UNFIT];
  const batch = await createBatch(client, "/v1/classify", [
    lineOf("/v1/classify", "good", { image: fox, label_set: "good" }),
    ...refusals.map(({ what, given }) => lineOf("/v1/classify", what, { image: fox, label_set: given() })),
  ]);
  const over = await ended(client, batch);
  const rows = [
    ...(await linesOf(client, over.output_file_id)),
    ...(await linesOf(client, over.error_file_id)),
  ];
  const answers = new Map(rows.map(({ custom_id: id, response }) => [id, response]));
  expect(answers.get("good")?.status_code).toBe(200);
  for (const { what, status, code, words } of refusals) {
    const { status_code: found, body } = answers.get(what) ?? {};
    const { error } = body as { error: { code: string; message: string } };
    expect([found, error.code], what).toEqual([status, code]);
    expect(error.message).toContain(words());
  }
});

it("the sets are still there, and only their own account's", async () => {
  const { body } = await call("GET", "/v1/label_sets");
  expect(body.data.map(({ name }: { name: string }) => name).toSorted()).toEqual([
    "computing",
    "good",
    "unfit",
  ]);
  expect((await call("GET", "/v1/label_sets/foreign", undefined, keys.other)).status).toBe(200);
});
