/** What a warm request costs: no read of R2, one run of the image tower, one call of each Worker. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { COUNTER, throughCounter } from "../support/call-counter.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { post } from "../support/post.ts";
import { behindSlowR2, SLOW_R2, readsOfSlowR2 } from "../support/faulty/slow-r2.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

let workers: Workers;
let calls: () => Promise<string[]>;
let reads: () => Promise<string[]>;

beforeAll(async () => {
  workers = await startWorkers({
    change: (name, options) => {
      if (name === "edgeclip") return throughCounter(behindSlowR2(options));
      return name === "edgeclip-decoder" ? options : behindSlowR2(options);
    },
    add: [SLOW_R2, COUNTER],
  });
  const counter = await workers.miniflare.unsafeGetDirectURL("counter");
  calls = async () => (await (await fetch(counter)).json()) as string[];
  reads = () => readsOfSlowR2(workers);
});

afterAll(async () => {
  await workers.dispose();
});

it("reads nothing from R2 and runs the image tower once", async () => {
  const request = { image: await exampleBase64("fox.png"), labels: ["fox", "bus"] };
  expect((await post(`${workers.url}/v1/classify`, request)).status).toBe(200);
  const before = await reads();
  expect(before.length).toBeGreaterThan(0);
  // A tower that was never heard of is told to wake.
  const cold = ["DECODER.decode", "TEXT.embedTokens", "VISION.embedPixels", "VISION.wake"];
  expect((await calls()).toSorted()).toEqual(cold);

  expect((await post(`${workers.url}/v1/classify`, request)).status).toBe(200);
  expect(await reads()).toEqual(before);
  expect((await calls()).toSorted()).toEqual(["DECODER.decode", "VISION.embedPixels"]);
});

it("costs the same with a stored set and none", async () => {
  const set = await post(`${workers.url}/v1/label_sets`, { labels: ["fox", "bus", "harp"] });
  const request = { image: await exampleBase64("fox.png"), label_set: set.body.id, none: true };
  expect((await post(`${workers.url}/v1/classify`, request)).status).toBe(200);
  const before = await reads();
  await calls();
  const { body } = await post(`${workers.url}/v1/classify`, request);
  expect(body.data[0].none_score).toBeGreaterThan(0);
  expect(await reads()).toEqual(before);
  expect((await calls()).toSorted()).toEqual(["DECODER.decode", "VISION.embedPixels"]);
  const { prompt_tokens: tokens, prompt_tokens_details: details } = body.usage;
  expect(details.cached_tokens).toBe(tokens);
});

it("calls each Worker once, at the limits of pictures and labels", async () => {
  const image = await exampleBase64("grapes.png");
  const images = Array.from({ length: 16 }, () => image);
  const labels = Array.from({ length: 1000 }, (_, i) => `thing number ${i}`);
  const { status, body } = await post(`${workers.url}/v1/classify`, { images, labels });
  expect(status).toBe(200);
  expect(body.data).toHaveLength(16);
  // A request may invoke 32 Workers; this one invokes three, and one more for each further stage.
  expect((await calls()).toSorted()).toEqual(["DECODER.decode", "TEXT.embedTokens", "VISION.embedPixels"]);
});
