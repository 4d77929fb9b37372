/** A ViT's weights build the same bytes from every format, the same as from the reference's own files. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildModel } from "../../build/build-model.ts";
import { silentProgress } from "../../build/report/progress.ts";
import { openClipConfig, SYNTHETIC_MODELS } from "../../build/synthetic/configs.ts";
import { syntheticTensors } from "../../build/synthetic/write-synthetic.ts";
import { writeSafetensors } from "../../build/synthetic/write-safetensors.ts";
import { writeTorchFixture } from "../support/models/torch-fixture.ts";

/** Revision of the int8 build of the two files that open_clip and torch wrote, with their config. */
const REAL_FILES_REVISION = "0993c5df8b845756";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

it("safetensors and a torch file of vit_tiny build the same shards, those of the real files", async () => {
  const model = SYNTHETIC_MODELS["vit_tiny"];
  if (model === undefined) throw new Error("there is no synthetic model vit_tiny");
  const config = join(folder, "open_clip_config.json");
  await writeFile(config, JSON.stringify(openClipConfig(model)));
  await writeSafetensors(join(folder, "model.safetensors"), syntheticTensors(model), model.dtype);
  await writeTorchFixture(join(folder, "model.bin"), "vit-state-dict");
  const built: Map<string, Buffer>[] = [];
  for (const file of ["model.safetensors", "model.bin"]) {
    const out = join(folder, `built-${file}`);
    const { manifest } = await buildModel({
      checkpoint: join(folder, file),
      config,
      out,
      id: "x/tiny",
      alias: "tiny",
      license: "mit",
      precision: "int8",
      progress: silentProgress,
    });
    expect(manifest.revision, file).toBe(REAL_FILES_REVISION);
    const names = (await readdir(out)).toSorted();
    built.push(
      new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(out, name))] as const))),
    );
  }
  const [first, second] = built;
  expect(second).toEqual(first);
  expect([...(first?.keys() ?? [])]).toContain("image-00.data");
});
