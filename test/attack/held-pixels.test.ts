/**
 * Small files become large when they are decoded: many pictures that wait, for a slow client or for the image tower, fit
 * into the isolates, and nobody waits for those who sent them.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, afterAll, expect, it } from "vitest";
import { peakMemory } from "../support/memory/peak-memory.ts";
import { post } from "../support/post.ts";
import { behindSlowR2, SLOW_R2, changeSlowR2 } from "../support/faulty/slow-r2.ts";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { noiseBmp } from "../support/write-bmp.ts";
import { dripBody, type DrippingBody } from "./dripping-body.ts";

const SIZE = 256;
const FORMS = 30;
const REQUESTS = 18;

let folder: string;
let model: string;
let workers: Workers | undefined;
let drips: DrippingBody[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
  model = (await buildSynthetic("mini", folder, { imageSize: SIZE })).out;
});

afterEach(async () => {
  for (const body of drips) body.leave();
  drips = [];
  await workers?.dispose();
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

const picture = (seed: number): Uint8Array<ArrayBuffer> => noiseBmp(4, 4, seed);
const base64 = (seed: number): string => Buffer.from(picture(seed)).toString("base64");
const labels = ["noise", "bus"];

/** A request of 16 pictures of a hundred bytes. */
const request = (first: number) => ({
  images: Array.from({ length: 16 }, (_, index) => base64(16 * first + index)),
  labels,
});

/** Small pieces of a form are read together. */
const GATHERED_BYTES = 65_536;

const HEAD =
  '--b\r\ncontent-disposition: form-data; name="image"; filename="a.bmp"\r\ncontent-type: image/bmp\r\n\r\n';

function partsOf(count: number, first: number): Buffer {
  const parts = Array.from({ length: count }, (_, index) => [
    Buffer.from(HEAD),
    picture(16 * first + index),
    Buffer.from("\r\n"),
  ]);
  return Buffer.concat(parts.flat());
}

/** Fifteen pictures, and the beginning of a sixteenth. */
function beginningOfForm(first: number): Buffer {
  return Buffer.concat([partsOf(15, first), Buffer.from(HEAD), Buffer.alloc(GATHERED_BYTES)]);
}

/** Pictures, and then what no form has. */
function malformedForm(count: number, first: number): Buffer {
  return Buffer.concat([partsOf(count, first), Buffer.from("--b?"), Buffer.alloc(GATHERED_BYTES)]);
}

it("clients that fall silent after fifteen pictures keep little and delay nobody", async () => {
  workers = await startWorkers({ model });
  const { url } = workers;
  const classify = `${url}/v1/classify`;
  expect((await post(classify, request(1000))).status).toBe(200);
  const peaks = await peakMemory(workers, async () => {
    drips = Array.from({ length: FORMS }, (_, index) =>
      dripBody(classify, "multipart/form-data; boundary=b", 1_000_000, beginningOfForm(index)),
    );
    await sleep(2_000);
    for (let at = 0; at < 6; at++) {
      const start = performance.now();
      expect((await post(classify, { image: base64(50_000 + at), labels })).status).toBe(200);
      expect(performance.now() - start).toBeLessThan(5_000);
      await sleep(500);
    }
    const start = performance.now();
    expect((await post(classify, request(2000))).status).toBe(200);
    const seconds = (performance.now() - start) / 1000;
    console.log(`sixteen pictures: ${seconds.toFixed(1)} s`);
    expect(seconds).toBeLessThan(30);
  });
  for (const [name, { total }] of peaks) console.log(`${name}: ${(total / 1e6).toFixed(1)} MB`);
  // Thirty times fifteen pictures are 88 MB.
  expect(peaks.get("edgeclip-decoder")?.total).toBeLessThan(50_000_000);
  expect(peaks.get("edgeclip")?.total).toBeLessThan(60_000_000);
});

it.each([1, 16])("refused forms of %i pictures that still come hold none of them", async (count) => {
  workers = await startWorkers({ model });
  const classify = `${workers.url}/v1/classify`;
  expect((await post(classify, request(3000))).status).toBe(200);
  drips = Array.from({ length: FORMS }, (_, index) => {
    const begin = malformedForm(count, 4000 + index);
    // Often enough that the rest of the form is read.
    return dripBody(classify, "multipart/form-data; boundary=b", 1_000_000, begin, 900);
  });
  await sleep(2_000);
  for (const body of [{ image: base64(70_000 + count), labels }, request(5000 + count)]) {
    const start = performance.now();
    expect((await post(classify, body)).status).toBe(200);
    expect(performance.now() - start).toBeLessThan(5_000);
  }
});

it("many requests of many small pictures that wait for the image tower keep little", async () => {
  workers = await startWorkers({
    model,
    change: (name, options) => (name === "edgeclip-vision" ? behindSlowR2(options) : options),
    add: [SLOW_R2],
  });
  const { url } = workers;
  await changeSlowR2(workers, { held: true });
  const answers = Array.from({ length: REQUESTS }, (_, index) => post(`${url}/v1/classify`, request(index)));
  const one = post(`${url}/v1/classify`, { image: base64(60_000), labels });
  await sleep(5_000);
  const memory = await workers.memory(true);
  const held = memory.get("edgeclip")?.backingStorageBytes ?? Infinity;
  console.log(`the gateway: ${(held / 1e6).toFixed(1)} MB of buffers`);
  // Sixteen times sixteen pictures are 50 MB.
  expect(held).toBeLessThan(16_000_000);
  await changeSlowR2(workers, { held: false });
  expect((await one).body).toMatchObject({ data: [{ index: 0 }] });
  const codes = (await Promise.all(answers)).map(({ status, body }) => `${status} ${body.error?.code ?? ""}`);
  console.log(codes.join(", "));
  for (const code of codes) expect(code).toMatch(/^(200 |503 overloaded)$/);
  expect(codes.filter((code) => code === "200 ").length).toBeGreaterThanOrEqual(3);
});
