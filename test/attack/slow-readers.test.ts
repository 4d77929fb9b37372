/**
 * A client that requests much and reads nothing holds its answer's data only for a limited time, and one that reads
 * slowly holds it only until others have waited for the room for seconds.
 */
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { post } from "../support/post.ts";
import { DEMO_MODEL, startWorkers, type Workers } from "../support/workers.ts";

/** Slightly longer than the service waits for one piece, milliseconds. */
const PAUSE = 20_000;

/** Requests that fill the room for large bodies. */
const MANY = 22;
/**
 * What a slow client reads at a time, bytes, and how often, milliseconds. Connections within a machine have buffers of
 * megabytes, so one that is much slower looks as if it read nothing.
 */
const SIP = { bytes: 7_500, every: 100 };

/** Until they have filled the buffers of their connections, milliseconds. */
const FILLING = 15_000;

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

/** @returns the answer, of which a little is read at a time */
async function askSlowly(): Promise<IncomingMessage> {
  const response = await ask();
  response.on("error", () => {});
  const timer = setInterval(() => response.read(SIP.bytes), SIP.every);
  onTestFinished(() => clearInterval(timer));
  return response;
}

it("is disconnected, while others are answered", async () => {
  expect(await readAll(await ask())).toBe(true);
  const idle = await ask();
  await sleep(PAUSE);
  expect((await post(`${workers.url}/v1/embeddings`, { input: "fox" })).status).toBe(200);
  expect(await readAll(idle)).toBe(false);
});

function lostRoom(): number {
  return workers.logs.filter((line) => line.includes("reads its answer too slowly")).length;
}

it("loses the room if it reads slowly and others wait", { timeout: 120_000 }, async () => {
  for (let i = 0; i < MANY; i++) askSlowly().catch(() => {});
  await sleep(FILLING);
  const before = lostRoom();
  const start = performance.now();
  const { images, texts } = JSON.parse(body) as { images: object[]; texts: string[] };
  const { status } = await post(`${workers.url}/v1/similarity`, {
    images: images.slice(0, 1),
    texts: texts.slice(0, 20),
  });
  const lost = lostRoom() - before;
  console.log(`${(performance.now() - start).toFixed(0)} ms; ${before} and ${lost} lost their room`);
  expect(status).toBe(200);
  expect(performance.now() - start).toBeLessThan(20_000);
  // Only as many as necessary.
  expect(lost).toBeLessThan(MANY / 2);
});
