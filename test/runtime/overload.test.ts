/** More requests than an isolate takes on, and clients that do not wait for their answers. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { COUNTER, throughCounter } from "../support/call-counter.ts";
import { eventually } from "../support/eventually.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { IMPATIENT, leaveUpon } from "../support/faulty/impatient.ts";
import { type Answer, post } from "../support/post.ts";
import { behindSlowR2, SLOW_R2, changeSlowR2 } from "../support/faulty/slow-r2.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

/** Requests that the image tower's Worker takes on at once. */
const MAX_REQUESTS = 16;

let workers: Workers;
let request: { image: string; labels: string[] };
let classify: () => Promise<Answer>;
const hold = (held: boolean): Promise<void> => changeSlowR2(workers, { held });

beforeEach(async () => {
  workers = await startWorkers({
    change: (name, options) => {
      if (name === "edgeclip") return throughCounter(options);
      return name === "edgeclip-vision" ? behindSlowR2(options) : options;
    },
    add: [SLOW_R2, IMPATIENT, COUNTER],
  });
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

/** Resolves when so many requests have reached the image tower's Worker. */
async function untilWaiting(requests: number): Promise<void> {
  const counter = await workers.miniflare.unsafeGetDirectURL("counter");
  let called = 0;
  const haveCome = async (): Promise<boolean> => {
    const calls = (await (await fetch(counter)).json()) as string[];
    called += calls.filter((call) => call === "VISION.embedPixels").length;
    return called === requests;
  };
  await eventually(haveCome, { pollMs: 20 });
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
  const staying = classify();
  const waiting = untilWaiting(6);
  const left = Array.from({ length: 5 }, () => leaveUpon(workers, "/v1/classify", request, waiting));
  expect(await Promise.all(left)).toEqual(left.map(() => 499));
  await hold(false);
  expect((await staying).status).toBe(200);
  expect((await classify()).status).toBe(200);
  expect(await pictureRuns()).toBe(2);
});
