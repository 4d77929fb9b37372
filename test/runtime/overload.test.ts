/** More requests than an isolate takes on, and clients that do not wait for their answers. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { exampleBase64 } from "../support/example-pictures.ts";
import { IMPATIENT, leaveUpon } from "../support/faulty/impatient.ts";
import { type Answer, post } from "../support/post.ts";
import { behindSlowR2, SLOW_R2 } from "../support/faulty/slow-r2.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

/** Requests that the image tower's Worker takes on at once. */
const MAX_REQUESTS = 16;

let workers: Workers;
let request: { image: string; labels: string[] };
let classify: () => Promise<Answer>;
let hold: (held: boolean) => Promise<void>;

beforeEach(async () => {
  workers = await startWorkers({
    change: (name, options) => (name === "edgeclip-vision" ? behindSlowR2(options) : options),
    add: [SLOW_R2, IMPATIENT],
  });
  const control = await workers.miniflare.unsafeGetDirectURL("slow-r2");
  hold = async (held) => {
    await fetch(control, { method: "POST", body: JSON.stringify({ held }) });
  };
  // Shards are held back until a test releases them, so that requests have to wait.
  await hold(true);
  request = { image: await exampleBase64("fox.png"), labels: ["fox", "bus"] };
  classify = () => post(`${workers.url}/v1/classify`, request);
});

afterEach(async () => {
  await workers.dispose();
});

/** Resolves when `count` of these requests have been refused. */
function refusals(requests: readonly Promise<Answer>[], count: number): Promise<void> {
  let refused = 0;
  return new Promise((resolve, reject) => {
    for (const each of requests) {
      each.then(({ status }) => {
        if (status === 503 && ++refused === count) resolve();
      }, reject);
    }
  });
}

async function pictureRuns(): Promise<number> {
  const { vision } = (await (await workers.probe("/stats", new Uint8Array())).json()) as {
    vision: { runs: number }[];
  };
  return vision[0]?.runs ?? 0;
}

it("answers 503 beyond what it takes on, and everything else", async () => {
  const requests = Array.from({ length: 2 * MAX_REQUESTS }, () => classify());
  await refusals(requests, MAX_REQUESTS);
  await hold(false);
  const answers = await Promise.all(requests);
  const answered = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status === 503);
  expect(answered.length + refused.length).toBe(answers.length);
  expect(answered).toHaveLength(MAX_REQUESTS);
  expect(answered.every(({ body }) => body.data[0].prediction === "fox")).toBe(true);
  for (const { body, headers } of refused) {
    expect(body.error.code).toBe("overloaded");
    expect(headers.get("retry-after")).toMatch(/^\d+$/);
  }
  expect((await classify()).status).toBe(200);
});

it("keeps places for small requests, however many large ones wait", async () => {
  const images = [request.image, await exampleBase64("moon.png")];
  const large = Array.from({ length: 2 * MAX_REQUESTS }, () =>
    post(`${workers.url}/v1/classify`, { ...request, images, image: undefined }),
  );
  await refusals(large, MAX_REQUESTS);
  const small = classify();
  await hold(false);
  expect((await small).status).toBe(200);
  const answered = (await Promise.all(large)).filter(({ status }) => status === 200);
  expect(answered).toHaveLength(MAX_REQUESTS);
});

it("does not compute for clients that have left", async () => {
  const impatient = (await workers.miniflare.unsafeGetDirectURL("impatient")).origin;
  const staying = classify();
  const left = Array.from({ length: 5 }, () => leaveUpon(`${impatient}/v1/classify`, request, sleep(500)));
  expect(await Promise.all(left)).toEqual(left.map(() => 499));
  await hold(false);
  expect((await staying).status).toBe(200);
  expect((await classify()).status).toBe(200);
  expect(await pictureRuns()).toBe(2);
});
