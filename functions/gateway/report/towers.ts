/** The part of the operator's report on the Workers behind the gateway: decoder, search Worker, each model's towers. */
import { modelFiles } from "../../../model-shards/model-files.ts";
import { DEADLINES, withDeadline } from "../../runtime/deadline.ts";
import { leasedManifest } from "../../runtime/model-store/leased-manifest.ts";
import type { WaitUntil } from "../../runtime/lease.ts";
import type { WorkerStats } from "../../runtime/rpc.ts";
import { MAXIMUM_WASM_BYTES } from "../../runtime/tower/memory-limits.ts";
import type { Bindings } from "../bindings.ts";
import { type ServedModel, servedModels } from "../models/served-models.ts";
import { reasonOf } from "./answer-time.ts";

export async function reportTowers(env: Bindings, waitUntil: WaitUntil) {
  const models = await Promise.all(servedModels(env).map((each) => reportModel(env, each, waitUntil)));
  return {
    wasm_limit: MAXIMUM_WASM_BYTES,
    decoder: await figuresOf("decoder", () => env.DECODER.stats()),
    search: await figuresOf("search", () => env.SEARCH.stats()),
    models,
  };
}

async function reportModel(env: Bindings, { reference, vision, text }: ServedModel, waitUntil: WaitUntil) {
  const about = await leasedManifest(env, reference, waitUntil).then(
    ({ manifest }) => ({
      id: manifest.id,
      format: manifest.format,
      bytes: modelFiles(manifest).reduce((sum, { bytes }) => sum + bytes, 0),
      error: null,
    }),
    (error: unknown) => ({ id: null, format: null, bytes: null, error: reasonOf(error) }),
  );
  return {
    model: reference,
    ...about,
    image: await figuresOf("image", () => vision.stats()),
    text: await figuresOf("text", () => text.stats()),
  };
}

/** @returns a row for each stage; a row with an error for a tower that does not answer */
async function figuresOf(name: string, stats: () => Promise<WorkerStats>) {
  try {
    const rows = [];
    let stage: WorkerStats | undefined = await withDeadline(DEADLINES.r2Body, stats);
    for (; stage !== undefined; stage = stage.next) {
      const { wasmBytes, runs, dot = null, loaded } = stage;
      rows.push({
        name: rows.length === 0 && stage.next === undefined ? name : `${name} ${rows.length + 1}`,
        wasm_bytes: wasmBytes,
        runs,
        dot,
        loaded_from: loaded?.from ?? null,
        manifest_ms: loaded?.manifestMs ?? null,
        shards_ms: loaded?.shardsMs ?? null,
        ready_ms: loaded?.readyMs ?? null,
        repaired: loaded?.repaired ?? [],
        error: null,
      });
    }
    return rows;
  } catch (error) {
    const nothing = { loaded_from: null, manifest_ms: null, shards_ms: null, ready_ms: null, repaired: [] };
    return [{ name, wasm_bytes: 0, runs: 0, dot: null, ...nothing, error: reasonOf(error) }];
  }
}
