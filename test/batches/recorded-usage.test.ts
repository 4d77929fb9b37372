/** The usage of a batch is recorded by the jobs Worker, once, although its parts are tried again. */
import type { V4WorkerOptions } from "miniflare";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startWorkers, type Workers } from "../support/workers.ts";
import { wrapped } from "../support/wrapped-worker.ts";
import { createBatch, ended, lineOf, linesOf } from "./support/run-batch.ts";

const ENDPOINT = "/v1/embeddings";

/** Keeps what it records. R2 does not take the answers of the first two tries. */
const RECORDED = `
import jobs from "MAIN";
const points = [];
let failures = 2;
const failing = (files) => new Proxy(files, {
  get(_, name) {
    const value = files[name];
    if (typeof value !== "function") return value;
    return (...parameters) => {
      const isAnswers = name === "put" && parameters[0].startsWith("batches/");
      if (isAnswers && failures-- > 0) throw new Error("R2 was made to fail");
      return value.apply(files, parameters);
    };
  },
});
export default {
  queue(batch, env, ctx) {
    const USAGE = { writeDataPoint: (point) => points.push(point) };
    return jobs.queue(batch, { ...env, FILES: failing(env.FILES), USAGE }, ctx);
  },
  fetch: () => Response.json({ points, failures }),
};`;

let workers: Workers;

beforeAll(async () => {
  workers = await startWorkers({
    change: (name, options): V4WorkerOptions =>
      name === "edgeclip-jobs" ? wrapped(options, RECORDED) : options,
  });
});

afterAll(async () => {
  await workers.dispose();
});

it("counts each line once, by model and outcome", { timeout: 120_000 }, async () => {
  const client = new OpenAI({ baseURL: `${workers.url}/v1`, apiKey: "none" });
  const bodies = [
    { input: "a fox" },
    { input: ["a rocket", "grapes"] },
    { input: "a fox", model: "unknown" },
  ];
  const lines = bodies.map((body, index) => lineOf(ENDPOINT, `${index}`, body));
  const batch = await ended(client, await createBatch(client, ENDPOINT, lines));
  expect(batch.request_counts).toEqual({ total: 3, completed: 2, failed: 1 });
  const answers = (await linesOf(client, batch.output_file_id)).map(({ response }) => response?.body);
  const tokens = answers
    .map((body) => body?.["usage"] as { prompt_tokens: number } | undefined)
    .map((usage) => usage?.prompt_tokens ?? 0)
    .reduce((sum, count) => sum + count, 0);
  const url = await workers.miniflare.unsafeGetDirectURL("edgeclip-jobs");
  const { points, failures } = (await (await fetch(url)).json()) as {
    points: { indexes: string[]; blobs: string[]; doubles: number[] }[];
    failures: number;
  };
  expect(failures).toBeLessThan(0);
  const recorded = points.map(({ indexes, blobs, doubles }) => [
    indexes[0],
    blobs.slice(2, 5),
    blobs[5]?.startsWith("edgeclip-demo@") ?? false,
    doubles[0],
    doubles[3],
  ]);
  const route = `/v1/batches${ENDPOINT}`;
  expect(recorded.toSorted(([, a], [, b]) => (String(a) < String(b) ? -1 : 1))).toEqual([
    ["public", [route, "200", ""], true, 2, tokens],
    ["public", [route, "404", "model_not_found"], false, 1, 0],
  ]);
});
