/**
 * The demonstration model's accuracy through HTTP on pictures that were not in its training, compared with the float
 * model's.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import evaluation from "../fixtures/eval/eval.json" with { type: "json" };
import { post } from "../support/post.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

/** Percentage points that quantization may lose. */
const TOLERANCE = 1;

let workers: Workers;

beforeAll(async () => {
  workers = await startWorkers();
});

afterAll(async () => {
  await workers.dispose();
});

it("is as accurate in int8 over HTTP as in float, within a point", async () => {
  let right = 0;
  for (const { file, label, labels } of evaluation.items) {
    const image = (await readFile(join(import.meta.dirname, "../fixtures/eval", file))).toString("base64");
    const templates = "a picture of {}";
    const { body } = await post(`${workers.url}/v1/classify`, { image, labels, templates });
    if (body.data[0].prediction === label) right++;
  }
  const accuracy = (100 * right) / evaluation.items.length;
  console.log(`accuracy ${accuracy} %, float ${evaluation.fp32_top1_percent} %`);
  expect(Math.abs(accuracy - evaluation.fp32_top1_percent)).toBeLessThanOrEqual(TOLERANCE);
});
