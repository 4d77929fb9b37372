/**
 * Picture servers that send slowly, or much, keep no other client's pictures waiting. Their pictures come without a
 * length, so each may have 20 MB, which is all the room that there is.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { exampleBase64 } from "../support/example-pictures.ts";
import { type PictureServer, startPictureServer } from "../support/picture-server.ts";
import { type Answer, request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const ATTACKER = "192.0.2.1";
const OTHER = "192.0.2.2";

let workers: Workers;
let server: PictureServer;
let sent: Promise<Answer>[] = [];

beforeAll(async () => {
  workers = await startWorkers({
    change: (name, options) =>
      name === "edgeclip"
        ? { ...options, bindings: { ...options.bindings, IMAGE_URL_ALLOWLIST: "127.0.0.1" } }
        : options,
  });
  // Load the towers first, so that the tests measure the wait for room.
  const image = await exampleBase64("fox.png");
  await request("POST", `${workers.url}/v1/classify`, { image, labels: ["noise", "bus"] });
});

beforeEach(async () => {
  server = await startPictureServer(new Uint8Array());
});

afterEach(async () => {
  // Whatever is still to be fetched fails at once.
  await server.close();
  await Promise.allSettled(sent);
  sent = [];
});

afterAll(async () => {
  await workers.dispose();
});

async function classify(client: string, paths: string[]): Promise<Answer> {
  const images = paths.map((path) => `http://${server.host}${path}`);
  const body = { images, labels: ["noise", "bus"], on_error: "report" };
  return await request("POST", `${workers.url}/v1/classify`, body, { "cf-connecting-ip": client });
}

/** Three requests with sixteen URLs each. */
async function attack(query: string): Promise<void> {
  for (let i = 0; i < 3; i++) {
    const paths = Array.from({ length: 16 }, (_, n) => `/paced?${query}&picture=${n}`);
    sent.push(classify(ATTACKER, paths));
    await sleep(100);
  }
}

/** Milliseconds until another client has the answer for a picture of 3 MB without a length. */
async function timeOfOther(): Promise<number> {
  const start = performance.now();
  const { status, body } = await classify(OTHER, ["/gradual"]);
  expect([status, body.data?.[0]]).toEqual([
    200,
    expect.objectContaining({ prediction: expect.any(String) }),
  ]);
  return performance.now() - start;
}

it("servers that send 95 kB a second delay nobody", { timeout: 60_000 }, async () => {
  await attack("bytes=9500&ms=100");
  await sleep(3_000);
  expect(await timeOfOther()).toBeLessThan(5_000);
});

it("a client with many pictures of fast servers does not come first", { timeout: 60_000 }, async () => {
  await attack("bytes=150000&ms=50");
  await sleep(1_000);
  // One of its pictures takes seven seconds or more.
  expect(await timeOfOther()).toBeLessThan(12_000);
});

it("pictures of several clients are all answered", { timeout: 60_000 }, async () => {
  const answers = Array.from({ length: 5 }, (_, i) => classify(`192.0.2.${i}`, ["/gradual"]));
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  expect(statuses).toEqual(Array(5).fill(200));
});
