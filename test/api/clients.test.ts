/**
 * What client libraries send unasked, recorded, and sent here again. `test/fixtures/clients/README.md` says where each
 * body comes from.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { request } from "../support/request.ts";
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

it("there are recordings of every client that the contract names", () => {
  const clients = recordings.map(({ client }) => client.split(" ", 1)[0]);
  expect(clients.toSorted()).toEqual([
    "@ai-sdk/cohere",
    "@ai-sdk/openai",
    "@ai-sdk/openai-compatible",
    "@langchain/openai",
    "langchain-openai",
    "litellm",
    "openai",
  ]);
});

describe.each(recordings)("$client", ({ requests }) => {
  it.each(requests)("$method $path $body", async ({ method, path, headers, body, refused }) => {
    const answer = await request(method, workers.url + path, body, headers);
    if (refused !== undefined) {
      expect([answer.status, answer.body.error.code]).toEqual([400, "invalid_type"]);
      expect(answer.body.error.message).toContain(refused);
      return;
    }
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    if (path.endsWith("/rerank")) {
      const { documents } = body as { documents: unknown[] };
      expect(answer.body.results).toHaveLength(documents.length);
      return;
    }
    const { input, encoding_format: format } = body as { input: unknown; encoding_format?: unknown };
    expect(answer.body.data).toHaveLength([input].flat().length);
    const type = format === "base64" ? "string" : "object";
    for (const { embedding } of answer.body.data) expect(typeof embedding).toBe(type);
  });
});
