/** The isolate's text tower and its token table. */
import type { Manifest } from "../../model-shards/manifest.ts";
import { Admission } from "../runtime/admission.ts";
import type { Anchor } from "../runtime/lease.ts";
import { leasedManifest } from "../runtime/model-store/leased-manifest.ts";
import { parseModelReference } from "../runtime/model-store/model-reference.ts";
import { normalizeRows } from "../runtime/normalize.ts";
import type { Embeddings, WorkerStats } from "../runtime/rpc.ts";
import { assertWanted, type Wanted } from "../runtime/wanted.ts";
import type { CreateEngine } from "../runtime/tower/engine.ts";
import { plannedShape } from "../runtime/tower/planned-shape.ts";
import { Tower } from "../runtime/tower/tower.ts";
import type { TextEnv } from "./text-worker.ts";
import { TokenTable } from "./token-table.ts";

/** Requests that an isolate works on or keeps waiting. */
const MAX_REQUESTS = 16;

/** Texts between two questions whether anybody waits: some tenths of a second. */
const TEXTS_PER_STEP = 8;

let resident: TextTower | undefined;
const admission = new Admission(MAX_REQUESTS);

/** @throws ServiceError `model_unavailable` */
export async function textTower(
  createEngine: CreateEngine,
  env: TextEnv,
  anchor: Anchor,
): Promise<TextTower> {
  const manifest = await leasedManifest(env.MODELS, env.MODEL, anchor);
  resident ??= new TextTower(createEngine, manifest, env);
  return resident;
}

export class TextTower {
  readonly #manifest: Manifest;
  readonly #tower: Tower;
  readonly #tokens: TokenTable;

  constructor(createEngine: CreateEngine, manifest: Manifest, env: TextEnv) {
    const { prefix } = parseModelReference(env.MODEL);
    this.#manifest = manifest;
    const { shards, context_length: length } = manifest.text;
    const source = { bucket: env.MODELS, prefix };
    this.#tower = new Tower(createEngine, { shards, source, inputShape: plannedShape(shards, { length }) });
    this.#tokens = new TokenTable(env.MODELS, prefix, manifest.text.token_embedding);
  }

  get stats(): WorkerStats {
    return this.#tower.stats;
  }

  /**
   * Unit-length embeddings. Each text runs alone, on exactly as many positions as it has: activation scales span
   * a whole run, so in a batch a text's vector would depend on its neighbours.
   */
  async embedTokens(ids: Int32Array, lengths: number[], wanted: Wanted, anchor: Anchor): Promise<Embeddings> {
    checkTokens(ids, lengths, this.#manifest.text);
    return await admission.admit(async (alive) => {
      const [rows] = await Promise.all([this.#tokens.rows(ids), this.#tower.ready(anchor)]);
      return await this.#embed(rows, lengths, async () => {
        alive();
        await assertWanted(wanted);
      });
    });
  }

  async #embed(rows: Float32Array, lengths: number[], step: () => Promise<void>): Promise<Embeddings> {
    const { embedding_width: width, revision, text } = this.#manifest;
    const embeddings = new Float32Array(lengths.length * width);
    let start = 0;
    for (const [index, length] of lengths.entries()) {
      if (index % TEXTS_PER_STEP === 0) await step();
      const data = rows.slice(start * text.width, (start + length) * text.width);
      const eot = { data: BigInt64Array.of(BigInt(length - 1)), shape: [1, 1] };
      const output = this.#tower.run({ data, shape: [1, length, text.width] }, { eot_index: eot });
      embeddings.set(output.data as Float32Array, index * width);
      start += length;
    }
    return { revision, embeddings: normalizeRows(embeddings, width) };
  }
}

function checkTokens(ids: Int32Array, lengths: number[], text: Manifest["text"]): void {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (total !== ids.length) throw new Error(`${ids.length} token ids for lengths that add up to ${total}`);
  if (lengths.some((length) => length < 2 || length > text.context_length)) {
    throw new Error(`a text has between 2 and ${text.context_length} positions`);
  }
  if (ids.some((id) => id < 0 || id >= text.vocab_size))
    throw new Error("a token id is outside the vocabulary");
}
