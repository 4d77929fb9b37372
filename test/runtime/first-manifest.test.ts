/** Models of the manifest's first version, which knows no other image tower than a ConvNeXt, are served as before. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { manifestSchema } from "../../model-shards/manifest.ts";
import { computeRevision } from "../../model-shards/revision.ts";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { type Answer, post } from "../support/post.ts";
import { request } from "../support/send-request.ts";
import { startWorkers } from "../support/workers.ts";

let folder: string;
let model: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
  model = (await buildSynthetic("tiny", folder)).out;
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** The manifest that a build wrote before there was a second image tower. @returns its revision */
async function writeFirstManifest(): Promise<string> {
  const path = join(model, "manifest.json");
  const { revision: _, parameters: _p, ...newest } = JSON.parse(await readFile(path, "utf8"));
  const { architecture: _a, ...image } = newest.image;
  const { quick_gelu: _q, ...text } = newest.text;
  const content = { ...newest, format: "edgeclip-manifest/1", image, text };
  const manifest = { ...content, revision: await computeRevision(content) };
  await writeFile(path, JSON.stringify(manifest));
  return manifest.revision;
}

async function answers(): Promise<{ described: Answer; classified: Answer }> {
  const workers = await startWorkers({ model });
  try {
    const image = await exampleBase64("fox.png");
    return {
      described: await request("GET", `${workers.url}/v1/models/synthetic-tiny`),
      classified: await post(`${workers.url}/v1/classify`, { image, labels: ["fox", "harp", "bus"] }),
    };
  } finally {
    await workers.dispose();
  }
}

it("answers with the same figures, and says nothing that the manifest does not", async () => {
  const now = await answers();
  const revision = await writeFirstManifest();
  const before = await answers();
  expect(before.classified.status).toBe(200);
  expect(before.classified.body.revision).toBe(revision);
  expect(now.classified.body.revision).not.toBe(revision);
  expect(before.classified.body.data).toEqual(now.classified.body.data);
  expect([now.described.body.parameters, before.described.body.parameters]).toEqual([3_492_305, null]);
  expect(before.described.body.imagenet_zero_shot).toBeNull();
  expect(before.described.body.bytes).toBe(now.described.body.bytes);
});

it("is refused with fields of the other version", async () => {
  await writeFirstManifest();
  const first = JSON.parse(await readFile(join(model, "manifest.json"), "utf8"));
  expect(manifestSchema.safeParse(first).success).toBe(true);
  expect(manifestSchema.safeParse({ ...first, parameters: 1 }).success).toBe(false);
  expect(manifestSchema.safeParse({ ...first, format: "edgeclip-manifest/2" }).success).toBe(false);
});
