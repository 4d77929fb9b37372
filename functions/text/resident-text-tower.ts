/** The isolate's text tower and its token table. */
import type { ShardsFetcher } from "../runtime/model-store/shards-cache.ts";
import type { Manifest } from "../../model-shards/manifest.ts";
import { Admission } from "../runtime/admission.ts";
import { withHeartbeat } from "../runtime/heartbeat.ts";
import type { WaitUntil } from "../runtime/lease.ts";
import { leasedManifest } from "../runtime/model-store/leased-manifest.ts";
import type { LoadedManifest } from "../runtime/model-store/load-manifest.ts";
import { configuredModel } from "../runtime/model-store/configured-model.ts";
import { normalizeRows } from "../runtime/normalize.ts";
import type { Embeddings, Priority, WorkerStats } from "../runtime/rpc.ts";
import { assertWanted, type Wanted } from "../runtime/wanted.ts";
import type { CreateEngine } from "../runtime/tower/engine.ts";
import { plannedShape } from "../runtime/tower/planned-shape.ts";
import { Tower } from "../runtime/tower/tower.ts";
import { positionsPerStep, stepsOf } from "./steps.ts";
import { type TokenRows, TokenTable } from "./token-table.ts";

export interface TextEnv {
  MODELS: R2Bucket;
  /** The Worker that reads models' files through the data center's cache. */
  SHARDS?: ShardsFetcher;
  /** `<alias>@<revision>`. */
  MODEL: string;
}

/** Requests of each size that an isolate works on or keeps waiting. */
const MAX_REQUESTS = 16;

let resident: TextTower | undefined;
const admission = new Admission(MAX_REQUESTS);

/** @throws ServiceError `model_unavailable` */
export async function textTower(
  createEngine: CreateEngine,
  env: TextEnv,
  waitUntil: WaitUntil,
): Promise<TextTower> {
  const loaded = await leasedManifest(env, env.MODEL, waitUntil);
  resident ??= new TextTower(createEngine, loaded, env);
  return resident;
}

export class TextTower {
  readonly #manifest: Manifest;
  readonly #tower: Tower;
  readonly #tokens: TokenTable;

  constructor(createEngine: CreateEngine, { manifest, report }: LoadedManifest, env: TextEnv) {
    const { prefix } = configuredModel(env.MODEL);
    this.#manifest = manifest;
    const { shards, context_length: length } = manifest.text;
    const source = { bucket: env.MODELS, prefix, shards: env.SHARDS, report };
    const inputShape = plannedShape(shards, { length });
    this.#tower = new Tower(createEngine, { shards, source, inputShape });
    this.#tokens = new TokenTable(source, manifest.text.token_embedding);
  }

  get stats(): WorkerStats {
    return this.#tower.stats;
  }

  /**
   * Unit-length embeddings. Each text runs on exactly as many positions as it has. Its vector does not depend on the
   * other texts, bit by bit.
   */
  async embedTokens(
    ids: Int32Array,
    lengths: number[],
    wanted: Wanted,
    waitUntil: WaitUntil,
    priority: Priority = "interactive",
  ): Promise<Embeddings> {
    checkTokens(ids, lengths, this.#manifest.text);
    const isSmall = ids.length <= positionsPerStep(this.#manifest.text);
    const size = priority === "background" ? priority : isSmall ? "small" : "large";
    return await admission.admit(size, async (alive) => {
      const check = async (): Promise<void> => {
        await assertWanted(wanted);
        alive();
      };
      const wasReady = this.#tower.isReady;
      const [rows] = await withHeartbeat(check, () =>
        Promise.all([this.#tokens.read(ids), this.#tower.ready(waitUntil)]),
      );
      const { embedding_width: width, revision, text } = this.#manifest;
      const embeddings = new Float32Array(lengths.length * width);
      let done = 0;
      let start = 0;
      for (const step of stepsOf(lengths, Math.max(positionsPerStep(text), this.#tower.textPositions))) {
        const from = { ids: ids.subarray(start), embeddings: embeddings.subarray(width * done) };
        await this.#tower.turn({ check, waitUntil, priority }, () => this.#run(rows, step, from));
        done += step.length;
        start += sum(step);
      }
      const { loaded } = this.#tower;
      return {
        revision,
        embeddings: normalizeRows(embeddings, width),
        ...(!wasReady && loaded && { loaded }),
      };
    });
  }

  /** Computes one step: the first embeddings of `embeddings`, from the first texts of `ids`. */
  #run(
    rows: TokenRows,
    step: readonly number[],
    { ids, embeddings }: { ids: Int32Array; embeddings: Float32Array },
  ): void {
    const { embedding_width: width, text } = this.#manifest;
    let done = 0;
    let start = 0;
    for (const block of stepsOf(step, this.#tower.textPositions)) {
      const positions = sum(block);
      const data = rows(ids.subarray(start, start + positions));
      const output = this.#tower.runTexts({ data, shape: [1, positions, text.width] }, block);
      embeddings.set(output.data as Float32Array, width * done);
      done += block.length;
      start += positions;
    }
  }
}

function sum(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total + length, 0);
}

function checkTokens(ids: Int32Array, lengths: number[], text: Manifest["text"]): void {
  const total = sum(lengths);
  if (total !== ids.length) throw new Error(`${ids.length} token ids for lengths that add up to ${total}`);
  if (lengths.some((length) => length < 2 || length > text.context_length)) {
    throw new Error(`a text must have between 2 and ${text.context_length} positions`);
  }
  if (ids.some((id) => id < 0 || id >= text.vocab_size))
    throw new Error("a token id is outside the vocabulary");
}
