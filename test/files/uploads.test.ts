/** Large files and many at once, in isolates of 128 MB; uploads that are cut off leave nothing. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { peakMemory } from "../support/memory/peak-memory.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { NOTHING, stored } from "./support/leftovers.ts";
import { uploadFile } from "./support/upload-file.ts";

const LIMIT = 120_000_000;
const PART = 5 * 1024 * 1024;

let storage: string;
let workers: Workers;
let client: OpenAI;

beforeAll(async () => {
  storage = await mkdtemp(join(tmpdir(), "edgeclip-files-"));
  workers = await startWorkers({ storage });
  client = new OpenAI({ baseURL: `${workers.url}/v1`, apiKey: "none", maxRetries: 0 });
});

afterAll(async () => {
  await workers.dispose();
  await rm(storage, { recursive: true });
});

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Runs something, and holds every isolate to the limit meanwhile. */
async function withinLimit(run: () => Promise<unknown>): Promise<void> {
  for (const [name, { total }] of await peakMemory(workers, run)) {
    expect(total, name).toBeLessThanOrEqual(LIMIT);
  }
}

it("95 MB go up and down within an isolate's memory", { timeout: 60_000 }, async () => {
  const bytes = randomBytes(95_000_000);
  await withinLimit(async () => {
    const file = new File([bytes], "large.jsonl");
    const { id } = await client.files.create({ file, purpose: "batch" });
    const hash = createHash("sha256");
    for await (const piece of (await client.files.content(id)).body ?? []) hash.update(piece);
    expect(hash.digest("hex")).toBe(sha256(bytes));
    await client.files.delete(id);
  });
  expect(await stored(storage)).toEqual(NOTHING);
});

it("one byte more is refused, and nothing of it stays", { timeout: 60_000 }, async () => {
  const answer = await uploadFile(workers.url, { bytes: new Uint8Array(95_000_001), purpose: "batch" });
  expect([answer.status, answer.body.error.code]).toEqual([413, "request_too_large"]);
  expect(await stored(storage)).toEqual(NOTHING);
});

it("files that end at the edge of a part come back whole", async () => {
  for (const length of [PART - 1, PART, PART + 1, 2 * PART]) {
    const bytes = randomBytes(length);
    const { body } = await uploadFile(workers.url, { bytes, purpose: "batch" });
    const content = await client.files.content(body.id);
    expect([length, sha256(new Uint8Array(await content.arrayBuffer()))]).toEqual([length, sha256(bytes)]);
    await client.files.delete(body.id);
  }
  expect(await stored(storage)).toEqual(NOTHING);
});

it("20 go up at once", { timeout: 60_000 }, async () => {
  const files = Array.from({ length: 20 }, (_, i) => randomBytes(6_000_000 + i));
  await withinLimit(async () => {
    const answers = await Promise.all(
      files.map((bytes) => uploadFile(workers.url, { bytes, purpose: "batch" })),
    );
    expect(answers.map(({ status }) => status)).toEqual(files.map(() => 200));
    for (const [i, { body }] of answers.entries()) {
      const content = await client.files.content(body.id);
      expect(sha256(new Uint8Array(await content.arrayBuffer()))).toBe(sha256(files[i] ?? new Uint8Array()));
      await client.files.delete(body.id);
    }
  });
  expect(await stored(storage)).toEqual(NOTHING);
});

/** Sends the beginning of an upload and hangs up. */
async function cutOff(body: Uint8Array, length: number, boundary: string): Promise<void> {
  const { hostname, port } = new URL(workers.url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  socket.write(
    `POST /v1/files HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: ${body.length}\r\n` +
      `content-type: multipart/form-data; boundary=${boundary}\r\n\r\n`,
  );
  await new Promise((done) => socket.write(body.subarray(0, length), done));
  // So that the service has seen what came.
  await setTimeout(300);
  socket.destroy();
}

it("cut off at every tenth, they leave nothing behind", { timeout: 60_000 }, async () => {
  const boundary = "a-boundary";
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n`;
  const file = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n`;
  const body = Buffer.concat([
    Buffer.from(head + file),
    randomBytes(12_000_000),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  for (let tenth = 0; tenth < 10; tenth++) await cutOff(body, (body.length * tenth) / 10, boundary);
  const deadline = Date.now() + 20_000;
  let left = await stored(storage);
  while (JSON.stringify(left) !== JSON.stringify(NOTHING) && Date.now() < deadline) {
    await setTimeout(200);
    left = await stored(storage);
  }
  expect(left).toEqual(NOTHING);
  expect((await client.files.list()).data).toEqual([]);
});
