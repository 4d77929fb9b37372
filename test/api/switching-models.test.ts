/**
 * A ViT and a ConvNeXt in one deployment, used alternately by concurrent clients: no request is refused, and each gets
 * its own model.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { type Answer, post } from "../support/post.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const CLIENTS = 6;
const REQUESTS = 20;
const MODELS = ["edgeclip-demo", "synthetic-vit_mini_quick"];
const PICTURES = ["fox.png", "harp.png", "rocket.png"];

let folder: string;
let model: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-switching-"));
  model = (await buildSynthetic("vit_mini_quick", folder)).out;
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe.each(["simd", "ort"] as const)("on %s", (engine) => {
  let workers: Workers;

  beforeAll(async () => {
    workers = await startWorkers({ otherModels: [model], engine });
  });

  afterAll(async () => {
    await workers.dispose();
  });

  it("answers every request with the model that it names", async () => {
    const images = await Promise.all(PICTURES.map(exampleBase64));
    const ask = (at: number): Promise<Answer> =>
      post(`${workers.url}/v1/classify`, {
        model: MODELS[at % MODELS.length],
        image: images[at % images.length],
        labels: ["fox", "harp", `thing ${at % 5}`],
      });
    // The first requests load both at once; then every client alternates.
    const answers = await Promise.all(
      Array.from({ length: CLIENTS }, async (_, client) => {
        const found: [number, Answer][] = [];
        for (let i = 0; i < REQUESTS; i++) found.push([client + i, await ask(client + i)]);
        return found;
      }),
    );
    const bySort = new Map<number, unknown>();
    // The combination of model, picture and labels repeats after 2 × 3 × 5 requests.
    const sorts = MODELS.length * PICTURES.length * 5;
    for (const [at, { status, body }] of answers.flat()) {
      expect(status).toBe(200);
      expect(body.model).toBe(["edgeclip/demo", "synthetic/vit_mini_quick"][at % MODELS.length]);
      const before = bySort.get(at % sorts) ?? body.data;
      bySort.set(at % sorts, before);
      expect(body.data).toEqual(before);
    }
    expect(bySort.size).toBe(CLIENTS + REQUESTS - 1);
  });
});
