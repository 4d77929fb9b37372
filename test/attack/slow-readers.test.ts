/** A client that requests much and reads nothing holds its answer's data only for a limited time. */
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { post } from "../support/post.ts";
import { DEMO_MODEL, startWorkers, type Workers } from "../support/workers.ts";

/** Slightly longer than the service waits for one piece, milliseconds. */
const PAUSE = 20_000;

let workers: Workers;
let body: string;

beforeAll(async () => {
  workers = await startWorkers();
  const { embedding_width: width } = await readManifest(DEMO_MODEL);
  const images = Array.from({ length: 16 }, () => ({ embedding: Array.from({ length: width }, () => 1) }));
  // The answer repeats each text for each picture: 26 MB, more than socket buffers hold.
  const texts = Array.from({ length: 200 }, (_, i) => `${i} `.padEnd(8_000, "x"));
  body = JSON.stringify({ images, texts });
});

afterAll(async () => {
  await workers.dispose();
});

/** @returns the beginning of the answer: its status has arrived, and nothing more was read */
async function ask(): Promise<IncomingMessage> {
  const headers = { "content-type": "application/json" };
  const sent = httpRequest(`${workers.url}/v1/similarity`, { method: "POST", agent: false, headers });
  onTestFinished(() => void sent.destroy());
  sent.on("error", () => {});
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  return response;
}

/** @returns true if the answer was complete */
async function readAll(response: IncomingMessage): Promise<boolean> {
  const closed = new Promise<void>((resolve) => response.on("close", resolve));
  response.on("error", () => {});
  response.resume();
  await closed;
  return response.complete;
}

it("is disconnected, while others are answered", async () => {
  expect(await readAll(await ask())).toBe(true);
  const idle = await ask();
  await sleep(PAUSE);
  expect((await post(`${workers.url}/v1/embeddings`, { input: "fox" })).status).toBe(200);
  expect(await readAll(idle)).toBe(false);
});
