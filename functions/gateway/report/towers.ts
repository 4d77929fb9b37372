/** The part of the operator's report on the Workers behind the gateway: decoder, search Worker, each model's towers. */
import type { Shard } from "../../../model-shards/manifest.ts";
import { modelFiles, shardFiles } from "../../../model-shards/model-files.ts";
import { DEADLINES, withDeadline } from "../../runtime/deadline.ts";
import { leasedManifest } from "../../runtime/model-store/leased-manifest.ts";
import type { WaitUntil } from "../../runtime/sharing/lease.ts";
import type { WorkerStats } from "../../runtime/rpc.ts";
import { MAXIMUM_WASM_BYTES } from "../../runtime/tower/memory-limits.ts";
import type { Bindings } from "../bindings.ts";
import { type ServedModel, servedModels } from "../models/served-models.ts";
import { reasonOf } from "./answer-time.ts";

/** Milliseconds for the figures of a Worker, or of all stages of a tower. */
const PATIENCE = DEADLINES.r2Body;

export async function reportTowers(env: Bindings, waitUntil: WaitUntil) {
  const models = await Promise.all(servedModels(env).map((each) => reportModel(env, each, waitUntil)));
  return {
    wasm_limit: MAXIMUM_WASM_BYTES,
    decoder: (await figuresOf("decoder", () => env.DECODER.stats())).rows,
    search: (await figuresOf("search", () => env.SEARCH.stats())).rows,
    models,
  };
}

async function reportModel(env: Bindings, { reference, vision, text }: ServedModel, waitUntil: WaitUntil) {
  const about = await leasedManifest(env, reference, waitUntil).then(
    ({ manifest }) => ({
      id: manifest.id,
      format: manifest.format,
      bytes: modelFiles(manifest).reduce((sum, { bytes }) => sum + bytes, 0),
      image_bytes: bytesOf(manifest.image.shards),
      text_bytes: bytesOf(manifest.text.shards),
      error: null,
    }),
    (error: unknown) => ({
      id: null,
      format: null,
      bytes: null,
      image_bytes: null,
      text_bytes: null,
      error: reasonOf(error),
    }),
  );
  // Less than is waited for them, so that the stages that answer are told although a later one is silent.
  const image = await figuresOf("image", () => vision.stats(0.9 * PATIENCE));
  return {
    model: reference,
    ...about,
    image_stages: image.stages,
    image: image.rows,
    text: (await figuresOf("text", () => text.stats())).rows,
  };
}

function bytesOf(shards: readonly Shard[]): number {
  return shardFiles(shards).reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * A row for each stage that answers, and one with an error for the first that does not.
 * @returns `stages`: how many the tower says that it has
 */
async function figuresOf(name: string, stats: () => Promise<WorkerStats>) {
  const first = await withDeadline(PATIENCE, stats).catch((error: unknown) => reasonOf(error));
  const rows = typeof first === "string" ? [noFigures(first)] : [...figuresOfStages(first)];
  return {
    stages: typeof first === "string" ? null : (first.stages ?? null),
    rows: rows.map((row, index) => ({ name: rows.length === 1 ? name : `${name} ${index + 1}`, ...row })),
  };
}

function* figuresOfStages(first: WorkerStats) {
  for (let stage: WorkerStats | undefined = first; stage !== undefined; stage = stage.next) {
    const { wasmBytes, runs, dot = null, loaded, isolate, nextError } = stage;
    yield {
      wasm_bytes: wasmBytes,
      runs,
      dot,
      loaded_from: loaded?.from ?? null,
      manifest_ms: loaded?.manifestMs ?? null,
      shards_ms: loaded?.shardsMs ?? null,
      ready_ms: loaded?.readyMs ?? null,
      repaired: loaded?.repaired ?? [],
      isolate: isolate?.id ?? null,
      age_ms: isolate?.ageMs ?? null,
      error: null,
    };
    if (nextError !== undefined) yield noFigures(nextError);
  }
}

function noFigures(error: string) {
  return {
    wasm_bytes: 0,
    runs: 0,
    dot: null,
    loaded_from: null,
    manifest_ms: null,
    shards_ms: null,
    ready_ms: null,
    repaired: [],
    isolate: null,
    age_ms: null,
    error: reasonOf(error),
  };
}
