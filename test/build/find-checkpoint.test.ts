/** Which checkpoint is built if the argument is a folder. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { buildCheckpoint } from "../../scripts/models/build-checkpoint.ts";
import { findCheckpoint } from "../../scripts/models/find-checkpoint.ts";
import { silentProgress } from "../../build/report/progress.ts";

const SAFETENSORS = "open_clip_model.safetensors";
const PICKLE = "open_clip_pytorch_model.bin";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function holding(...files: string[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const file of files) await writeFile(join(folder, file), "");
  return folder;
}

it.each(["epoch_30.pt", "my model.bin", "weights.SAFETENSORS", SAFETENSORS])(
  "a folder's only checkpoint is found, called %s",
  async (name) => {
    const { path, repository } = await findCheckpoint(
      await holding(name, "open_clip_config.json", "out.log"),
    );
    expect([path, repository]).toEqual([join(folder, name), undefined]);
  },
);

it("of an export in both formats, safetensors is taken", async () => {
  expect((await findCheckpoint(await holding(PICKLE, SAFETENSORS))).path).toBe(join(folder, SAFETENSORS));
});

it("of several, one line asks for one", async () => {
  await holding("epoch_1.pt", "epoch_2.pt", "epoch_3.pt", "epoch_4.pt", SAFETENSORS);
  await expect(findCheckpoint(folder)).rejects.toThrow(
    `${folder}: holds epoch_1.pt, epoch_2.pt, epoch_3.pt, and 2 more: name the one that is meant, such as ${join(folder, "epoch_1.pt")}`,
  );
});

it("a folder without one, and a name of nothing, say so", async () => {
  await expect(findCheckpoint(await holding("notes.txt"))).rejects.toThrow(
    "holds no .safetensors, .bin or .pt file",
  );
  await expect(findCheckpoint("owner/nothing-of-that-name")).rejects.toThrow("no such file or folder");
  await expect(findCheckpoint("../../no-such-folder")).rejects.toThrow(
    '"../../no-such-folder" is no repository',
  );
});

it("a model's name that would lead out of its folder is refused before anything is removed or written", async () => {
  const shard = join(folder, "image-00.onnx");
  await holding("weights.pt", "image-00.onnx");
  for (const named of [{ id: "me/x", alias: `../../..${folder}` }, { id: "me/.." }, { id: "../x" }]) {
    const building = buildCheckpoint(join(folder, "weights.pt"), { ...named, progress: silentProgress });
    await expect(building).rejects.toThrow("is not a valid name for a model");
  }
  expect(await findCheckpoint(shard)).toMatchObject({ path: shard });
});
