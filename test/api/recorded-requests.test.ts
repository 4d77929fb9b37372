/**
 * Requests recorded from client libraries with default settings, sent again here. `test/fixtures/clients/README.md`
 * says where each body comes from.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

interface Recorded {
  client: string;
  origin: string;
  requests: {
    method: string;
    path: string;
    headers: Record<string, string>;
    body: object;
    refused?: string;
  }[];
}

const FOLDER = join(import.meta.dirname, "../fixtures/clients");
const files = (await readdir(FOLDER)).filter((name) => name.endsWith(".json"));
const recordings = await Promise.all(
  files.map(async (name) => JSON.parse(await readFile(join(FOLDER, name), "utf8")) as Recorded),
);

let workers: Workers;

beforeAll(async () => {
  workers = await startWorkers();
});

afterAll(async () => {
  await workers.dispose();
});

it("every client that the contract names has recordings", () => {
  const clients = new Set(recordings.map(({ client }) => client.split(" ", 1)[0]));
  const named = [
    "@ai-sdk/cohere",
    "@ai-sdk/openai",
    "@ai-sdk/openai-compatible",
    "@langchain/openai",
    "langchain-openai",
    "litellm",
    "openai",
  ];
  expect(clients).toEqual(new Set(named));
});

describe.each(recordings)("$client", ({ requests }) => {
  it.each(requests)("$method $path $body", async ({ method, path, headers, body, refused }) => {
    const { status, body: answer } = await request(method, workers.url + path, body, headers);
    const said = JSON.stringify(answer).slice(0, 300);
    expect(status, said).toBe(refused === undefined ? 200 : 400);
    expect(answer.error?.message ?? "").toContain(refused ?? "");
    const { input, documents, encoding_format: format } = body as Record<string, unknown>;
    const rows = (answer.data ?? answer.results ?? []) as { embedding?: unknown }[];
    const asked = [documents ?? input].flat();
    expect(rows, said).toHaveLength(refused === undefined ? asked.length : 0);
    const type = documents === undefined ? (format === "base64" ? "string" : "object") : "undefined";
    expect(rows.filter(({ embedding }) => typeof embedding !== type)).toEqual([]);
  });
});
