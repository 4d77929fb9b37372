/** What a warm request costs: no read of R2, one run of the image tower, one call of each Worker. */
import type { V4WorkerOptions } from "miniflare";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exampleBase64 } from "../support/examples.ts";
import { post } from "../support/post.ts";
import { behindSlowR2, SLOW_R2 } from "../support/slow-r2.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

/** Stands between the gateway and the Workers it calls, and counts the calls. `GET /` answers and clears them. */
const COUNTER: V4WorkerOptions = {
  name: "counter",
  modules: [
    {
      type: "ESModule",
      path: "counter.js",
      contents: `
import { WorkerEntrypoint } from "cloudflare:workers";
let calls = [];
const forward = (binding, method) => async function (...parameters) {
  calls.push(binding + "." + method);
  return await this.env[binding][method](...parameters);
};
export class Decoder extends WorkerEntrypoint {}
Decoder.prototype.decode = forward("DECODER", "decode");
export class Vision extends WorkerEntrypoint {}
Vision.prototype.embedPixels = forward("VISION", "embedPixels");
export class Text extends WorkerEntrypoint {}
Text.prototype.embedTokens = forward("TEXT", "embedTokens");
export default {
  fetch() {
    const counted = calls;
    calls = [];
    return Response.json(counted);
  },
};`,
    },
  ],
  compatibilityDate: "2026-10-20",
  serviceBindings: { DECODER: "edgeclip-decoder", VISION: "edgeclip-vision", TEXT: "edgeclip-text" },
  unsafeDirectSockets: [{}],
};

function throughCounter(options: V4WorkerOptions): V4WorkerOptions {
  const entrypoints = { DECODER: "Decoder", VISION: "Vision", TEXT: "Text" };
  const serviceBindings = Object.fromEntries(
    Object.entries(entrypoints).map(([binding, entrypoint]) => [binding, { name: "counter", entrypoint }]),
  );
  return {
    ...behindSlowR2(options),
    serviceBindings: { ...behindSlowR2(options).serviceBindings, ...serviceBindings },
  };
}

let workers: Workers;
let calls: () => Promise<string[]>;
let reads: () => Promise<string[]>;

beforeAll(async () => {
  workers = await startWorkers({
    change: (name, options) => {
      if (name === "edgeclip") return throughCounter(options);
      return name === "edgeclip-decoder" ? options : behindSlowR2(options);
    },
    add: [SLOW_R2, COUNTER],
  });
  const counter = await workers.miniflare.unsafeGetDirectURL("counter");
  const slowR2 = await workers.miniflare.unsafeGetDirectURL("slow-r2");
  calls = async () => (await (await fetch(counter)).json()) as string[];
  reads = async () => (await (await fetch(slowR2)).json()) as string[];
});

afterAll(async () => {
  await workers.dispose();
});

it("reads nothing from R2 and runs the image tower once", async () => {
  const request = { image: await exampleBase64("fox.png"), labels: ["fox", "bus"] };
  expect((await post(`${workers.url}/v1/classify`, request)).status).toBe(200);
  const before = await reads();
  expect(before.length).toBeGreaterThan(0);
  expect((await calls()).toSorted()).toEqual(["DECODER.decode", "TEXT.embedTokens", "VISION.embedPixels"]);

  expect((await post(`${workers.url}/v1/classify`, request)).status).toBe(200);
  expect(await reads()).toEqual(before);
  expect((await calls()).toSorted()).toEqual(["DECODER.decode", "VISION.embedPixels"]);
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
