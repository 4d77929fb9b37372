/** `client.batches` of the unmodified `openai` SDK, from the upload to the files with the answers. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { KVNamespace } from "@cloudflare/workers-types";
import OpenAI, { NotFoundError, toFile } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BatchEndpoint } from "../../functions/batches/batch-object.ts";
import { addKey } from "../support/add-key.ts";
import { type PictureServer, startPictureServer } from "../support/picture-server.ts";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import {
  type AnsweredLine,
  comparable,
  createBatch,
  ended,
  type Line,
  lineOf,
  linesOf,
} from "./support/run-batch.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples");

let workers: Workers;
let pictures: PictureServer;
let key: string;
let client: OpenAI;
let stranger: OpenAI;
/** Data URIs. */
let fox: string;
let rocket: string;
let foxFile: string;

const sdk = (apiKey: string): OpenAI => new OpenAI({ baseURL: `${workers.url}/v1`, apiKey, maxRetries: 0 });
const uriOf = async (name: string): Promise<string> =>
  `data:image/png;base64,${(await readFile(join(EXAMPLES, name))).toString("base64")}`;

beforeAll(async () => {
  const picture = await readFile(join(EXAMPLES, "fox.png"));
  pictures = await startPictureServer(picture);
  workers = await startWorkers({
    access: "keys",
    change: (name, options) =>
      name === "edgeclip"
        ? { ...options, bindings: { ...options.bindings, IMAGE_URL_ALLOWLIST: pictures.host } }
        : options,
  });
  const store = (await workers.miniflare.getKVNamespace("KEYS", "edgeclip")) as unknown as KVNamespace;
  key = (await addKey(store, "a", { tier: "high" })).key;
  client = sdk(key);
  stranger = sdk((await addKey(store, "b", { tier: "high" })).key);
  [fox, rocket] = await Promise.all([uriOf("fox.png"), uriOf("rocket.png")]);
  const upload = await toFile(picture, "fox.png");
  foxFile = (await client.files.create({ file: upload, purpose: "vision" })).id;
});

afterAll(async () => {
  await workers.dispose();
  await pictures.close();
});

/** Bodies of each endpoint, right and wrong ones. */
function bodies(): Record<BatchEndpoint, object[]> {
  const labels = ["fox", "rabbit", "rocket", "grapes"];
  const odd = [{}, { input: {}, documents: 1, images: { a: [] }, labels: 2, texts: null, templates: {} }];
  return {
    "/v1/classify": [
      ...odd,
      { images: [fox, rocket], labels },
      { image: { file_id: foxFile }, labels, top_k: 2 },
      { image: { type: "image_url", image_url: { url: rocket } }, labels, templates: "openai-7" },
      { images: [fox, fox], labels, multi_label: true },
      { image: `http://${pictures.host}/picture`, labels },
      { images: [fox, `http://${pictures.host}/picture?again`], labels },
      { image: `http://${pictures.host}/missing`, labels },
      { image: "http://10.0.0.1/picture", labels },
      { images: [fox, "AAAA"], labels, on_error: "report" },
      { image: "AAAA", labels },
      { image: fox, labels, threshold: 1 },
      { image: fox, label_set: "ls_unknown" },
    ],
    "/v1/similarity": [
      ...odd,
      { images: [fox, { file_id: foxFile }], texts: ["a fox", "a rocket"] },
      { image: rocket, text: "a rocket" },
      { image: rocket, texts: [] },
    ],
    "/v1/embeddings": [
      ...odd,
      { input: "a fox" },
      { input: ["a fox", "a rocket", { image: rocket }], encoding_format: "base64" },
      { input: [{ file_id: foxFile }, "grapes"], user: "u" },
      { input: [1, 2, 3] },
      { input: "a fox", model: "unknown" },
    ],
    "/v1/rerank": [
      ...odd,
      { query: { image: fox }, documents: ["a rocket", "a fox"], return_documents: true },
      { query: "a rocket", documents: [{ image: fox }, { image: rocket }, { text: "grapes" }], top_n: 2 },
      { documents: ["a fox"] },
    ],
  };
}

describe("a batch", () => {
  it.each(["/v1/classify", "/v1/similarity", "/v1/embeddings", "/v1/rerank"] as const)(
    "answers each line of %s once, as a request is answered",
    async (endpoint) => {
      const sent = bodies()[endpoint];
      const lines: Line[] = sent.map((body, index) => lineOf(endpoint, `line-${index}`, body));
      const made = await createBatch(client, endpoint, lines, { metadata: { job: "night" } });
      expect(made).toMatchObject({
        object: "batch",
        status: "validating",
        endpoint,
        metadata: { job: "night" },
      });
      const batch = await ended(client, made);
      expect(batch).toMatchObject({ status: "completed", errors: null });
      const output = await linesOf(client, batch.output_file_id);
      const errors = await linesOf(client, batch.error_file_id);
      expect(batch.request_counts).toEqual({
        total: sent.length,
        completed: output.length,
        failed: errors.length,
      });
      const answered = new Map([...output, ...errors].map((line) => [line.custom_id, line]));
      expect([...answered.keys()].toSorted()).toEqual(lines.map(({ custom_id }) => custom_id).toSorted());
      expect(output.length + errors.length).toBe(sent.length);
      for (const [index, body] of sent.entries()) {
        const { response, error, id } = answered.get(`line-${index}`) as AnsweredLine;
        const alone = await request("POST", `${workers.url}${endpoint}`, body, {
          authorization: `Bearer ${key}`,
        });
        expect(id).toMatch(/^batch_req_[0-9a-f]{32}$/);
        expect(error).toBeNull();
        expect(response?.status_code).toBe(alone.status);
        expect(response?.request_id).toMatch(/^req_/);
        expect(output.some(({ custom_id }) => custom_id === `line-${index}`)).toBe(alone.status === 200);
        expect(comparable(response?.body ?? {})).toEqual(comparable(alone.body));
      }
    },
  );

  it("calls decoder and towers once for all lines of a part", async () => {
    const lines = Array.from({ length: 20 }, (_, index) =>
      lineOf("/v1/similarity", `${index}`, {
        image: index % 2 === 0 ? fox : rocket,
        texts: [`part ${index}`],
      }),
    );
    const { id } = await ended(client, await createBatch(client, "/v1/similarity", lines));
    const calls = workers.logs
      .flatMap((log) => log.split("\n"))
      .filter((log) => log.includes(`"request":"${id}_1"`))
      .map((log) => JSON.parse(log) as { worker: string; pictures?: number; texts?: number });
    expect(calls).toContainEqual(expect.objectContaining({ worker: "decoder", pictures: 20 }));
    // Equal pictures are computed once.
    expect(calls).toContainEqual(expect.objectContaining({ worker: "vision", pictures: 2 }));
    expect(calls).toContainEqual(expect.objectContaining({ worker: "text", texts: 20 }));
    expect(calls.map(({ worker }) => worker).toSorted()).toEqual(["decoder", "jobs", "text", "vision"]);
  });

  it("is listed, newest first, and only to its account", async () => {
    const listed: string[] = [];
    for await (const { id } of client.batches.list({ limit: 2 })) listed.push(id);
    expect(listed).toHaveLength(5);
    const times = await Promise.all(listed.map(async (id) => (await client.batches.retrieve(id)).created_at));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect((await stranger.batches.list()).data).toEqual([]);
    const [id = ""] = listed;
    await expect(stranger.batches.retrieve(id)).rejects.toThrow(NotFoundError);
    await expect(stranger.batches.cancel(id)).rejects.toThrow(NotFoundError);
    await expect(client.batches.cancel(id)).rejects.toThrow(/completed, so it cannot be cancelled/);
  });
});

describe("what Python's SDK sends", () => {
  // Recorded from openai 3.22.1: a form whose purpose comes first, JSON with its fields in this order, a cancellation
  // without a body.
  it("makes a batch, lists it and cancels it", async () => {
    const headers = { authorization: `Bearer ${key}` };
    const boundary = "4a9c4f0e8f7b4a8e9d7a6f1b2c3d4e5f";
    // `json.dumps`, on a machine with Windows' line ends.
    const lines = [
      '\ufeff{"custom_id": "caf\\u00e9", "method": "POST", "url": "/v1/embeddings", "body": {"input": "a caf\\u00e9", "model": "edgeclip/demo"}}',
      '{"custom_id": "b", "method": "POST", "url": "/v1/embeddings", "body": {"input": ["a", "b"]}}',
      "",
    ].join("\r\n");
    const form = [
      `--${boundary}`,
      'Content-Disposition: form-data; name="purpose"',
      "",
      "batch",
      `--${boundary}`,
      'Content-Disposition: form-data; name="file"; filename="lines.jsonl"',
      "Content-Type: application/octet-stream",
      "",
      lines,
      `--${boundary}--`,
      "",
    ].join("\r\n");
    const type = { "content-type": `multipart/form-data; boundary=${boundary}` };
    const file = await request("POST", `${workers.url}/v1/files`, form, { ...headers, ...type });
    expect([file.status, file.body.purpose]).toEqual([200, "batch"]);
    const body = `{"completion_window":"24h","endpoint":"/v1/embeddings","input_file_id":"${file.body.id}","metadata":{"description":"nightly"},"output_expires_after":{"anchor":"created_at","seconds":3600}}`;
    const json = { ...headers, "content-type": "application/json" };
    const made = await request("POST", `${workers.url}/v1/batches`, body, json);
    expect([made.status, made.body.metadata]).toEqual([200, { description: "nightly" }]);
    const listed = await request("GET", `${workers.url}/v1/batches?limit=1`, undefined, headers);
    expect(listed.body).toMatchObject({ object: "list", first_id: made.body.id, has_more: true });
    const batch = await ended(client, made.body);
    expect(batch.status).toBe("completed");
    const { expires_at: expiry = 0, created_at: birth } = await client.files.retrieve(
      batch.output_file_id ?? "",
    );
    expect(expiry - birth).toBe(3_600);
    const answered = await linesOf(client, batch.output_file_id);
    expect(answered.map(({ custom_id }) => custom_id).toSorted()).toEqual(["b", "café"]);
    const cancelled = await request(
      "POST",
      `${workers.url}/v1/batches/${made.body.id}/cancel`,
      undefined,
      json,
    );
    expect([cancelled.status, cancelled.body.error.code]).toEqual([409, "conflict"]);
  });
});
