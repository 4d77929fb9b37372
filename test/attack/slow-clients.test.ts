/** Clients that send slowly do not delay others, neither small requests nor large ones. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { exampleBase64 } from "../support/example-pictures.ts";
import { type Answer, post } from "../support/post.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { noiseBmp } from "../support/write-bmp.ts";
import { dripBody, type DrippingBody } from "./dripping-body.ts";

const JSON_TYPE = "application/json";
const FORM_TYPE = "multipart/form-data; boundary=b";
const FORM_START =
  '--b\r\ncontent-disposition: form-data; name="image"; filename="a.bmp"\r\ncontent-type: image/bmp\r\n\r\n';

let workers: Workers;
let classify: string;
let drips: DrippingBody[] = [];

beforeAll(async () => {
  workers = await startWorkers();
  classify = `${workers.url}/v1/classify`;
  // Load the towers first, so that the test measures the wait for room.
  await post(classify, { image: await exampleBase64("fox.png"), labels: ["fox", "bus"] });
});

afterEach(() => {
  for (const body of drips) body.leave();
  drips = [];
});

afterAll(async () => {
  await workers.dispose();
});

function drip(contentType: string, announced: number, begin: string): DrippingBody {
  const body = dripBody(classify, contentType, announced, Buffer.from(begin));
  drips.push(body);
  return body;
}

/** Duration of the slowest of several small requests, milliseconds. */
async function slowestSmall(): Promise<number> {
  let slowest = 0;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    const { status } = await post(`${workers.url}/v1/embeddings`, { input: "fox" });
    expect(status).toBe(200);
    slowest = Math.max(slowest, performance.now() - start);
  }
  return slowest;
}

function largePicture(seed: number): Promise<Answer> {
  const image = Buffer.from(noiseBmp(1500, 1500, seed)).toString("base64");
  return post(classify, { image, labels: ["noise", "bus"] });
}

it(
  "slow bodies with announced lengths of 15 and 2.6 MB delay no other request",
  { timeout: 60_000 },
  async () => {
    drip(JSON_TYPE, 15_000_000, '{"image":"');
    drip(JSON_TYPE, 2_600_000, '{"image":"');
    await sleep(500);
    expect(await slowestSmall()).toBeLessThan(5_000);
    const start = performance.now();
    expect((await largePicture(1)).status).toBe(200);
    expect(performance.now() - start).toBeLessThan(10_000);
  },
);

it("slow forms of 24 MB delay no other request", { timeout: 60_000 }, async () => {
  for (let i = 0; i < 2; i++) drip(FORM_TYPE, 24_000_000, FORM_START + "x".repeat(1_000));
  await sleep(500);
  expect(await slowestSmall()).toBeLessThan(5_000);
  const start = performance.now();
  expect((await largePicture(2)).status).toBe(200);
  expect(performance.now() - start).toBeLessThan(10_000);
});

it("clients that become slow just before the end lose their room", { timeout: 90_000 }, async () => {
  const begin = `{"image":"${"A".repeat(14_000_000)}`;
  const [first, second] = [drip(JSON_TYPE, 15_900_000, begin), drip(JSON_TYPE, 15_900_000, begin)];
  await sleep(2_000);
  expect(await slowestSmall()).toBeLessThan(5_000);
  const start = performance.now();
  const answers = await Promise.all([largePicture(3), largePicture(4), largePicture(5)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(performance.now() - start).toBeLessThan(30_000);
  // Only as many clients lost their room as necessary.
  const refused = await Promise.race([first.answer, second.answer, sleep(5_000)]);
  expect(refused).toMatchObject({ status: 503 });
});

it("a hundred slow small bodies delay no other request", { timeout: 60_000 }, async () => {
  for (let i = 0; i < 100; i++) drip(JSON_TYPE, 120_000, `{"input":"${"x".repeat(60_000)}`);
  await sleep(1_000);
  expect(await slowestSmall()).toBeLessThan(20_000);
});

it("a slow body is given up, whatever its length", { timeout: 60_000 }, async () => {
  const { answer } = drip(JSON_TYPE, 10_000, "{");
  const refusal = await answer;
  expect(refusal?.status).toBe(503);
  expect(JSON.parse(refusal?.text ?? "")).toMatchObject({ error: { code: "overloaded" } });
});
