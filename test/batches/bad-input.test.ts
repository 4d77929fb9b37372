/**
 * What is wrong with a batch, or its input, is said: by the answer of the request, or by the batch's state and errors.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { R2Bucket } from "@cloudflare/workers-types";
import OpenAI, { RateLimitError, toFile } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AccountBatchesRpc } from "../../functions/batches/account-batches-rpc.ts";
import { MAX_BATCH_LINES, MAX_OPEN_BATCHES } from "../../functions/batches/batch-limits.ts";
import { BODY_ROOM } from "../../functions/gateway/body/bytes-in-flight.ts";
import { MAX_LINE_BYTES, MAX_LINE_MEMORY } from "../../functions/batches/batch-limits.ts";
import { LIFTED_EXPANSION } from "../../functions/json/json-weight.ts";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { type Batch, createBatch, ended, lineOf, linesOf } from "./support/run-batch.ts";

const EMBEDDINGS = "/v1/embeddings";

let workers: Workers;
let client: OpenAI;
let bucket: R2Bucket;

beforeAll(async () => {
  workers = await startWorkers();
  client = new OpenAI({ baseURL: `${workers.url}/v1`, apiKey: "none", maxRetries: 0 });
  bucket = (await workers.miniflare.getR2Bucket("FILES", "edgeclip")) as unknown as R2Bucket;
});

afterAll(async () => {
  await workers.dispose();
});

const good = (id: string): object => lineOf(EMBEDDINGS, id, { input: `a ${id}` });

/** @returns code, line and param of each fault */
function faultsOf({ errors }: Batch): unknown[] {
  return (errors?.data ?? []).map(({ code, line, param }) => [code, line, param]);
}

async function failed(lines: readonly (object | string)[]): Promise<Batch> {
  const texts = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
  const batch = await ended(client, await createBatch(client, EMBEDDINGS, texts));
  expect(batch.status).toBe("failed");
  expect(batch.failed_at).toBeGreaterThan(0);
  expect([batch.output_file_id, batch.error_file_id]).toEqual([null, null]);
  expect(batch.request_counts).toEqual({ total: 0, completed: 0, failed: 0 });
  return batch;
}

const post = async (body: object): Promise<unknown[]> => {
  const answer = await request("POST", `${workers.url}/v1/batches`, body);
  return [answer.status, answer.body.error?.code, answer.body.error?.param];
};

const slow = (count: number, name: string): object[] =>
  Array.from({ length: count }, (_, index) =>
    lineOf(EMBEDDINGS, `${name}-${index}`, {
      input: Array.from({ length: 200 }, (__, at) => `${name} ${index} ${at}`),
    }),
  );

/** What R2 has of batches that is no file. */
const left = async (): Promise<string[]> => {
  const listed = [await bucket.list({ prefix: "batches/" }), await bucket.list({ prefix: "open-batches/" })];
  return listed.flatMap(({ objects }) => objects.map(({ key }) => key));
};

/** Every line stands in one of the two files. */
async function exactlyOnce(batch: Batch): Promise<void> {
  const lines = [
    ...(await linesOf(client, batch.output_file_id)),
    ...(await linesOf(client, batch.error_file_id)),
  ];
  const ids = lines.map(({ custom_id }) => custom_id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBe(batch.request_counts?.total);
  const { total = 0, completed = 0, failed: refused = 0 } = batch.request_counts ?? {};
  expect(completed + refused).toBe(total);
}

describe("an input that is not in order", () => {
  it("has each fault named with its line, up to a hundred", async () => {
    const batch = await failed([
      good("a"),
      "this is not JSON",
      { ...good("b"), method: "GET" },
      { ...good("c"), url: "/v1/classify" },
      { ...good("d"), body: "text" },
      { ...good("e"), custom_id: undefined },
      "",
      good("a"),
      { ...good("f"), custom_id: "f".repeat(513) },
      "[1]",
      `${"[".repeat(200)}${"]".repeat(200)}`,
      // So long that it is not even parsed.
      { ...good("g"), custom_id: "g".repeat(70_000) },
    ]);
    expect(faultsOf(batch)).toEqual([
      ["invalid_json_line", 2, null],
      ["invalid_method", 3, "method"],
      ["invalid_url", 4, "url"],
      ["missing_required_parameter", 5, "body"],
      ["missing_required_parameter", 6, "custom_id"],
      ["duplicate_custom_id", 8, "custom_id"],
      ["invalid_custom_id", 9, "custom_id"],
      ["invalid_json_line", 10, null],
      ["invalid_json_line", 11, null],
      ["invalid_custom_id", 12, "custom_id"],
    ]);
    const many = await failed(Array.from({ length: 200 }, () => "x"));
    expect(many.errors?.data).toHaveLength(100);
  });

  it("may have no lines, bytes that are no text, or lines that are too long or too heavy", async () => {
    expect(faultsOf(await failed(["\n \n"]))).toEqual([["empty_file", null, "input_file_id"]]);
    const file = await toFile(Buffer.from([0xff, 0xfe, 0x7b, 0x7d]), "lines.jsonl");
    const { id } = await client.files.create({ file, purpose: "batch" });
    const made = await client.batches.create({
      input_file_id: id,
      endpoint: EMBEDDINGS,
      completion_window: "24h",
    });
    expect(faultsOf(await ended(client, made))).toEqual([["invalid_json_line", 1, null]]);
    const long = { ...lineOf(EMBEDDINGS, "long", { input: "x".repeat(20_000_000) }) };
    const heavy = `{"custom_id":"heavy","method":"POST","url":"${EMBEDDINGS}","body":{"input":[${"{},".repeat(4e6)}{}]}}`;
    expect(faultsOf(await failed([good("a"), long, heavy, good("b")]))).toEqual([
      ["line_too_long", 2, null],
      ["line_too_long", 3, null],
    ]);
  });

  it("may have too many lines or inputs", async () => {
    const lines = Array.from({ length: MAX_BATCH_LINES + 1 }, (_, index) => good(`${index}`));
    expect(faultsOf(await failed(lines))).toEqual([["too_many_items", MAX_BATCH_LINES + 1, null]]);
    const inputs = Array.from({ length: 25 }, (_, index) =>
      lineOf(EMBEDDINGS, `${index}`, { input: Array.from({ length: 2_001 }, () => "a") }),
    );
    expect(faultsOf(await failed(inputs))).toEqual([["too_many_items", 25, null]]);
  });

  it("may have lines for which the gateway has room", () => {
    expect(MAX_LINE_BYTES * LIFTED_EXPANSION).toBeLessThan(MAX_LINE_MEMORY);
    expect(MAX_LINE_MEMORY).toBeLessThanOrEqual(BODY_ROOM.large / 2);
  });
});

describe("a request for a batch", () => {
  it("is refused if a field is wrong", async () => {
    const { id } = await client.files.create({
      file: await toFile(Buffer.from(JSON.stringify(good("a"))), "lines.jsonl"),
      purpose: "batch",
    });
    const picture = await client.files.create({
      file: await toFile(Buffer.from("x"), "x.png"),
      purpose: "vision",
    });
    const right = { input_file_id: id, endpoint: EMBEDDINGS, completion_window: "24h" };
    const pairs = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, "v"]));
    expect(
      await Promise.all([
        post({ ...right, endpoint: "/v1/chat/completions" }),
        post({ ...right, completion_window: "1h" }),
        post({ ...right, input_file_id: picture.id }),
        post({ ...right, input_file_id: "file-unknown" }),
        post({ ...right, input_file_id: undefined }),
        post({ ...right, metadata: pairs }),
        post({ ...right, metadata: { ["k".repeat(65)]: "v" } }),
        post({ ...right, metadata: { k: "v".repeat(513) } }),
        post({ ...right, metadata: { k: 1 } }),
        post({ ...right, output_expires_after: { anchor: "created_at", seconds: 60 } }),
      ]),
    ).toEqual([
      [400, "invalid_value", "endpoint"],
      [400, "invalid_value", "completion_window"],
      [400, "invalid_value", "input_file_id"],
      [404, "file_not_found", "input_file_id"],
      [400, "missing_field", "input_file_id"],
      [400, "too_many_items", "metadata"],
      [400, "too_long", "metadata"],
      [400, "too_long", "metadata.k"],
      [400, "invalid_type", "metadata.k"],
      [400, "invalid_value", "output_expires_after.seconds"],
    ]);
  });

  it("names a batch that exists", async () => {
    for (const id of ["batch_unknown", `batch_${"0".repeat(24)}`, "x".repeat(500)]) {
      const shown = await request("GET", `${workers.url}/v1/batches/${id}`);
      expect([shown.status, shown.body.error.code]).toEqual([404, "batch_not_found"]);
      const cancelled = await request("POST", `${workers.url}/v1/batches/${id}/cancel`);
      expect([cancelled.status, cancelled.body.error.code]).toEqual([404, "batch_not_found"]);
    }
    const listed = await request("GET", `${workers.url}/v1/batches?after=batch_unknown`);
    expect([listed.status, listed.body.error.code]).toEqual([404, "batch_not_found"]);
    expect((await request("GET", `${workers.url}/v1/batches?limit=0`)).status).toBe(400);
  });
});

describe("a batch that is under way", () => {
  it("loses its input: what is left is not answered, and it says so", async () => {
    const lines = slow(100, "gone");
    const made = await createBatch(
      client,
      EMBEDDINGS,
      lines.map((line) => JSON.stringify(line)),
    );
    while ((await client.batches.retrieve(made.id)).status === "validating");
    await client.files.delete(made.input_file_id);
    const batch = await ended(client, made);
    expect(batch.status).toBe("failed");
    expect(faultsOf(batch)).toEqual([["input_file_gone", null, "input_file_id"]]);
    await exactlyOnce(batch);
  });

  it("is cancelled, and has what was answered by then", async () => {
    const made = await createBatch(
      client,
      EMBEDDINGS,
      slow(100, "cancel").map((line) => JSON.stringify(line)),
    );
    while ((await client.batches.retrieve(made.id)).status === "validating");
    const cancelling = await client.batches.cancel(made.id);
    expect(cancelling.status).toBe("cancelling");
    expect((await client.batches.cancel(made.id)).status).toMatch(/^cancel/);
    const batch = await ended(client, made);
    expect(batch.status).toBe("cancelled");
    expect(batch.cancelled_at).toBeGreaterThan(0);
    const errors = await linesOf(client, batch.error_file_id);
    expect(errors.map(({ error, response }) => [error?.code, response])).toContainEqual([
      "batch_cancelled",
      null,
    ]);
    await exactlyOnce(batch);
  });

  it("is one of two of its account; the next begins when one is over", async () => {
    const accounts = await workers.miniflare.getDurableObjectNamespace("ACCOUNTS", "edgeclip");
    const account = accounts.getByName("public") as unknown as AccountBatchesRpc;
    await account.addBatch("older", MAX_OPEN_BATCHES);
    const lines = slow(100, "begun").map((line) => JSON.stringify(line));
    const begun = await createBatch(client, EMBEDDINGS, lines);
    while ((await client.batches.retrieve(begun.id)).status === "validating");
    const next = await createBatch(client, EMBEDDINGS, [JSON.stringify(good("next"))]);
    await sleep(1_000);
    expect((await client.batches.retrieve(next.id)).status).toBe("validating");
    await client.batches.cancel(begun.id);
    // Sooner than anybody would find that its message is missing.
    expect((await ended(client, next)).status).toBe("completed");
    await account.batchOver("older", 2);
  });

  it("leaves nothing behind but its files", async () => {
    const until = Date.now() + 30_000;
    while ((await left()).length > 0 && Date.now() < until) await sleep(200);
    expect(await left()).toEqual([]);
  });

  it("is one of a hundred at most", async () => {
    const accounts = await workers.miniflare.getDurableObjectNamespace("ACCOUNTS", "edgeclip");
    const account = accounts.getByName("public") as unknown as AccountBatchesRpc;
    for (let at = 0; at < MAX_OPEN_BATCHES; at++) await account.addBatch(`other-${at}`, MAX_OPEN_BATCHES);
    await expect(createBatch(client, EMBEDDINGS, [JSON.stringify(good("a"))])).rejects.toThrow(
      RateLimitError,
    );
    await account.batchOver("other-7", 2);
    const batch = await createBatch(client, EMBEDDINGS, [JSON.stringify(good("a"))]);
    expect(batch.status).toBe("validating");
    // It is not its turn, and need not be.
    await client.batches.cancel(batch.id);
    expect((await ended(client, batch)).status).toBe("cancelled");
  });
});
