/** All ways to run the image tower in this bench, on one thread each, with the same weights. */
import { join } from "node:path";
import { inferArchitecture } from "../../../build/architecture/infer-architecture.ts";
import { readModelConfig } from "../../../build/architecture/model-config.ts";
import { CHECKPOINT_NAMES, CONFIG_NAME } from "../../../build/checkpoint/file-names.ts";
import { openCheckpoint } from "../../../build/checkpoint/open-checkpoint.ts";
import type { Precision } from "../../../build/towers/emitter.ts";
import { createOrtRuntime } from "../../../functions/runtime/ort/ort-runtime.ts";
import { SimdEngine } from "../../../functions/runtime/simd/simd-engine.ts";
import { plannedShape } from "../../../functions/runtime/tower/planned-shape.ts";
import { readManifest } from "../../../scripts/models/read-manifest.ts";
import { FolderBucket } from "../../../scripts/towers/folder-bucket.ts";
import { NodeTowers } from "../../../scripts/towers/node-towers.ts";
import { ortModule } from "../../../scripts/towers/compiled-ort.ts";
import { simdModule, type Variant } from "../../support/models/simd-kernels.ts";
import { DATA_FILE, type StraightExport, straightExport } from "../straight/straight-export.ts";
import { contender } from "./contender.ts";

/** float32 NCHW → embedding, not normalized. */
export type EmbedPicture = (pixels: Float32Array) => Promise<Float32Array>;

const MEMORY = { initialBytes: 0, maximumBytes: 2_000_000_000 };
const INPUT = "pixel_values";
const OUTPUT = "image_embeds";

/** The part of onnxruntime-node that is used. */
interface NativeOrt {
  InferenceSession: {
    create(
      graph: Uint8Array,
      options: object,
    ): Promise<{ run(feeds: object): Promise<Record<string, { data: Float32Array }>> }>;
  };
  Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => object;
}

/** @param checkpoint folder of the checkpoint and its config */
export async function exportStraight(checkpoint: string, precision: Precision): Promise<StraightExport> {
  const tensors = await openCheckpoint(join(checkpoint, CHECKPOINT_NAMES[0] ?? ""));
  try {
    const architecture = inferArchitecture(
      tensors.tensors,
      await readModelConfig(join(checkpoint, CONFIG_NAME)),
    );
    return await straightExport(architecture, precision, (name) => tensors.read(name));
  } finally {
    await tensors.close();
  }
}

/** onnxruntime-web, one session. */
export async function ortWeb({ graph, data }: StraightExport, size: number): Promise<EmbedPicture> {
  const runtime = await createOrtRuntime(await ortModule(), MEMORY);
  const session = runtime.createSession(graph, new Map([[DATA_FILE, data]]));
  return async (pixels) => {
    const output = session.run({ [INPUT]: { data: pixels, shape: [1, 3, size, size] } })[OUTPUT];
    return output?.data as Float32Array;
  };
}

/** onnxruntime's native build on one thread: shows the time of the same graphs outside of WebAssembly. */
export async function ortNative({ graph, data }: StraightExport, size: number): Promise<EmbedPicture> {
  const { InferenceSession, Tensor } = await contender<NativeOrt>("onnxruntime-node");
  const session = await InferenceSession.create(graph, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    externalData: [{ path: DATA_FILE, data }],
  });
  return async (pixels) => {
    const output = await session.run({ [INPUT]: new Tensor("float32", pixels, [1, 3, size, size]) });
    return output[OUTPUT]?.data ?? new Float32Array();
  };
}

/** This project's shards on onnxruntime-web. @param model folder of a built model */
export async function edgeclipOrt(model: string): Promise<EmbedPicture> {
  const towers = await NodeTowers.load(model);
  const { size } = (await readManifest(model)).image;
  return async (pixels) => towers.embedTensor(pixels, size, size);
}

/** One of this project's towers on its own kernels. */
async function simdEngine(model: string, tower: "image" | "text", variant: Variant): Promise<SimdEngine> {
  const { [tower]: described, image, text } = await readManifest(model);
  const { shards } = described;
  const known = { height: image.size, width: image.size, length: text.context_length };
  const source = { bucket: new FolderBucket(model), prefix: "." };
  const parts = { shards, source, inputShape: plannedShape(shards, known) };
  const engine = new SimdEngine(() => simdModule(variant), parts);
  await engine.load(() => {});
  return engine;
}

/** This project's shards on its own kernels. */
export async function edgeclipSimd(model: string, variant: Variant): Promise<EmbedPicture> {
  const { size } = (await readManifest(model)).image;
  const engine = await simdEngine(model, "image", variant);
  return async (pixels) =>
    engine.run({ data: pixels.slice(), shape: [1, 3, size, size] }, {}).data as Float32Array;
}

/**
 * This project's text tower on its own kernels: the token rows of texts, one text after the other → embeddings, not
 * normalized.
 */
export async function textsOnSimd(
  model: string,
  variant: Variant,
): Promise<{
  positions: number;
  width: number;
  embed: (rows: Float32Array, lengths: readonly number[]) => Float32Array;
}> {
  const { width } = (await readManifest(model)).text;
  const engine = await simdEngine(model, "text", variant);
  return {
    positions: engine.textPositions,
    width,
    embed: (rows, lengths) =>
      engine.runTexts({ data: rows.slice(), shape: [1, rows.length / width, width] }, lengths)
        .data as Float32Array,
  };
}
