/** Vector stores at their edges: other models, warm searches, deletion in the middle of searches, too many stores. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_STORES } from "../../functions/vector-stores/store-limits.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { LEDGER, operations, throughLedger } from "../support/faulty/ledger.ts";
import { type Answer, post } from "../support/post.ts";
import { request } from "../support/send-request.ts";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { wrapped } from "../support/wrapped-worker.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const DEMO = "edgeclip-demo";
const TINY = "synthetic-tiny";
const TINY_WIDTH = 32;

/** A store's object fails at a file batch with this file. */
const BREAKS = "file-that-breaks";
const STATE = `
import * as deployed from "MAIN";
export const { AccountState, BatchState } = deployed;
export default deployed.default;

export class VectorStoreState extends deployed.VectorStoreState {
  async createBatch(batch, most) {
    if (batch.files.some(({ fileId }) => fileId === "${BREAKS}")) throw new Error("made to fail");
    return await super.createBatch(batch, most);
  }
}`;

let folder: string;
let storage: string;
let tiny: string;
let workers: Workers;
let image: string;

const at = (path: string): string => `${workers.url}/v1/vector_stores${path}`;
const make = async (body: object = {}): Promise<string> => (await post(at(""), body)).body.id as string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-stores-"));
  storage = join(folder, "storage");
  tiny = (await buildSynthetic("tiny", folder)).out;
  image = await exampleBase64("fox.png");
  workers = await startWorkers({
    storage,
    otherModels: [tiny],
    change: (name, options) => {
      if (name === "edgeclip-state") return wrapped(options, STATE);
      return name === "edgeclip" ? throughLedger(options) : options;
    },
    add: [LEDGER],
  });
});

afterAll(async () => {
  await workers.dispose();
  await rm(folder, { recursive: true });
});

describe("searches", () => {
  it("that are warm read nothing from R2 or KV, and say in the log what they cost", async () => {
    const id = await make();
    await post(at(`/${id}/files`), { image });
    const search = async (): Promise<Answer> => await post(at(`/${id}/search`), { query: "a warm fox" });
    const first = await search();
    await operations(workers);
    const { body } = await search();
    expect(await operations(workers)).toEqual({});
    expect(body.data).toEqual(first.body.data);
    const { prompt_tokens: tokens, prompt_tokens_details: details } = body.usage;
    expect(tokens).toBeGreaterThan(0);
    expect(details.cached_tokens).toBe(tokens);
    const line = workers.logs.findLast((each) => each.includes('"route":"/v1/vector_stores/:id/search"'));
    expect(JSON.parse(line ?? "{}")).toMatchObject({
      status: 200,
      scanned: 1,
      reads: 0,
      bytesRead: 0,
      model: expect.stringMatching(/^edgeclip-demo@/),
      ms: { search: expect.any(Number) },
    });
  });

  it("end with 404 once the store is deleted in the middle of them", async () => {
    const id = await make();
    await post(at(`/${id}/files`), { image });
    const answers: Answer[] = [];
    const searching = Array.from({ length: 4 }, async () => {
      do answers.push(await post(at(`/${id}/search`), { query: "a fox" }));
      while (answers.at(-1)?.status === 200 && answers.length < 400);
    });
    const adding = (async () => {
      const body = { embedding: Array.from({ length: 128 }, (_, index) => index) };
      let last: Answer;
      do last = await post(at(`/${id}/files`), body);
      while (last.status === 200);
      return last;
    })();
    await sleep(300);
    expect((await request("DELETE", at(`/${id}`))).status).toBe(200);
    const after = await post(at(`/${id}/search`), { query: "a fox" });
    await Promise.all(searching);
    for (const { status, body } of [after, await adding]) {
      expect([status, body.error.code]).toEqual([404, "vector_store_not_found"]);
    }
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 404]));
  });
});

it("a store whose files could not be noted is not made", async () => {
  const list = async (): Promise<unknown> => (await request("GET", at("?limit=100"))).body.data;
  const before = await list();
  const { status, body } = await post(at(""), { file_ids: [BREAKS] });
  expect([status, body.error.code]).toEqual([503, "overloaded"]);
  expect(await list()).toEqual(before);
});

describe("models", () => {
  it("of a store are its own: another is refused, and its vectors' width is checked", async () => {
    const id = await make({ model: TINY });
    const store = await request("GET", at(`/${id}`));
    expect(store.body.model).toBe(TINY);
    const added = await post(at(`/${id}/files`), { image });
    expect([added.status, added.body.model]).toEqual([200, "synthetic/tiny"]);
    expect((await post(at(`/${id}/search`), { query: "a fox", model: TINY })).status).toBe(200);
    for (const [path, body] of [
      ["search", { query: "a fox", model: DEMO }],
      ["files", { image, model: DEMO }],
      ["files", { embedding: Array<number>(TINY_WIDTH).fill(1), model: DEMO }],
    ] as const) {
      const refused = await post(at(`/${id}/${path}`), body);
      expect([refused.status, refused.body.error.code, refused.body.error.param], path).toEqual([
        409,
        "store_model_mismatch",
        "model",
      ]);
    }
    const wide = await post(at(`/${id}/files`), { embedding: Array<number>(128).fill(1) });
    expect([wide.status, wide.body.error.code]).toEqual([400, "unsupported_dimensions"]);
    const files = await request("GET", at(`/${id}/files`));
    expect(files.body.data.map((each: { id: string }) => each.id)).toEqual([added.body.id]);
  });

  it("that are served no longer leave the store to be shown and deleted", async () => {
    const id = await make({ model: TINY });
    await post(at(`/${id}/files`), { image });
    await workers.dispose();
    workers = await startWorkers({ storage });
    expect((await request("GET", at(`/${id}`))).body).toMatchObject({
      model: TINY,
      file_counts: { total: 1 },
    });
    expect((await request("GET", at(`/${id}/files`))).body.data).toHaveLength(1);
    for (const [path, body] of [
      ["search", { query: "a fox" }],
      ["files", { image }],
      ["file_batches", { file_ids: ["file-x"] }],
    ] as const) {
      const { status, body: answer } = await post(at(`/${id}/${path}`), body);
      expect([status, answer.error.code], path).toEqual([409, "store_model_mismatch"]);
      expect(answer.error.message).toContain("does not serve it");
    }
    expect((await request("DELETE", at(`/${id}`))).status).toBe(200);
  });
});

it("an account has so many stores at the most", async () => {
  const answers = await Promise.all(Array.from({ length: MAX_STORES + 1 }, () => post(at(""), {})));
  const refused = answers.filter(({ status }) => status !== 200);
  expect(refused.length).toBeGreaterThan(0);
  for (const { status, body } of refused) {
    expect([status, body.error.code]).toEqual([403, "storage_limit_exceeded"]);
  }
  const made = answers.find(({ status }) => status === 200);
  expect((await request("DELETE", at(`/${made?.body.id}`))).status).toBe(200);
  expect((await post(at(""), {})).status).toBe(200);
});
