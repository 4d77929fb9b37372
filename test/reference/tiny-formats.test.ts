/**
 * The same weights in three checkpoint formats build the same bytes. The `.bin` and `.pt` have the pickles that torch
 * wrote (`test/fixtures/torch`); their storages are regenerated.
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import tiny from "../fixtures/reference/tiny.json" with { type: "json" };
import { buildModel } from "../../build/build-model.ts";
import { silentProgress } from "../../build/report/progress.ts";
import { syntheticInput } from "../../build/synthetic/synthetic-tensor.ts";
import { cleanText } from "../../functions/runtime/tokenizer/clean-text.ts";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { cosine } from "../support/cosine.ts";
import { NodeTowers } from "../../scripts/towers/node-towers.ts";
import { writeTorchFixture } from "../support/models/torch-fixture.ts";
import { tokenizer } from "../support/models/node-tokenizer.ts";

/** Revision of the int8 build of the three files that open_clip and torch wrote. */
const REAL_FILES_REVISION = "dc72a8d264a9968c";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function readAll(out: string): Promise<Map<string, Buffer>> {
  const names = (await readdir(out)).toSorted();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(out, name))] as const)),
  );
}

describe("tiny in three formats", () => {
  it("builds byte-identical shards", async () => {
    const { out, manifest } = await buildSynthetic("tiny", folder);
    const config = join(folder, "tiny-safetensors/open_clip_config.json");
    const expected = await readAll(out);
    for (const pickle of ["state-dict", "wrapped"] as const) {
      const checkpoint = join(folder, `${pickle}.pt`);
      await writeTorchFixture(checkpoint, pickle);
      const other = join(folder, `built-${pickle}`);
      const { id, alias, license } = manifest;
      const precision = "int8" as const;
      await buildModel({
        checkpoint,
        config,
        out: other,
        id,
        alias,
        license,
        precision,
        progress: silentProgress,
      });
      const found = await readAll(other);
      expect([...found.keys()]).toEqual([...expected.keys()]);
      for (const [name, bytes] of expected)
        expect(found.get(name)?.equals(bytes), `${pickle}: ${name}`).toBe(true);
    }
  });

  it("builds what the real files build", async () => {
    const source = join(folder, "tiny-safetensors");
    const { manifest } = await buildModel({
      checkpoint: join(source, "open_clip_model.safetensors"),
      config: join(source, "open_clip_config.json"),
      out: join(folder, "as-real"),
      id: "x/tiny",
      alias: "tiny",
      license: "mit",
      precision: "int8",
      progress: silentProgress,
    });
    expect(manifest.revision).toBe(REAL_FILES_REVISION);
  });
});

describe.each([
  { precision: "fp32" as const, bar: 0.99999 },
  { precision: "int8" as const, bar: 0.999 },
])("tiny, $precision, in Node", ({ precision, bar }) => {
  it("matches every image and text row of the reference", async () => {
    const { out } = await buildSynthetic("tiny", folder, { precision });
    const towers = await NodeTowers.load(out);
    for (const { input, size, embedding } of tiny.images) {
      const found = towers.embedTensor(syntheticInput(input, 3 * size * size), size, size);
      expect(cosine(found, embedding), input).toBeGreaterThanOrEqual(bar);
    }
    for (const { text, embedding } of tiny.texts) {
      const { ids } = (await tokenizer()).encode(cleanText(text), 77);
      expect(cosine(await towers.embedTokens(ids), embedding), text).toBeGreaterThanOrEqual(bar);
    }
  });
});
