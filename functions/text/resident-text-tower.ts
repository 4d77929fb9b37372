/** The isolate's text tower and its token table. */
import type { ShardsFetcher } from "../runtime/model-store/shards-cache.ts";
import type { Manifest } from "../../model-shards/manifest.ts";
import { Admission } from "../runtime/sharing/admission.ts";
import { withHeartbeat } from "../runtime/sharing/heartbeat.ts";
import type { WaitUntil } from "../runtime/sharing/lease.ts";
import { leasedManifest } from "../runtime/model-store/leased-manifest.ts";
import type { LoadedManifest } from "../runtime/model-store/load-manifest.ts";
import { configuredModel } from "../runtime/model-store/configured-model.ts";
import { normalizeRows } from "../runtime/normalize.ts";
import type { Embeddings, Priority, WorkerStats } from "../runtime/rpc.ts";
import { assertWanted, type Wanted } from "../runtime/sharing/wanted.ts";
import type { CreateEngine } from "../runtime/tower/engine.ts";
import { SignOfLife } from "../runtime/sharing/sign-of-life.ts";
import { plannedShape } from "../runtime/tower/planned-shape.ts";
import { Tower, type Visitor } from "../runtime/tower/tower.ts";
import { RowRoom } from "./row-room.ts";
import { positionsPerStep, stepsOf, windowOf } from "./steps.ts";
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
/** Bytes that all requests hold together beside the tower. An engine that takes much itself leaves less for them. */
export interface TextRooms {
  /** Tokens and vectors until they are answered. 2,048 inputs of a few words have 5.4 MB, a part of a label set 1.5 MB. */
  answers: { large: number; background: number };
  /** Tokens' rows. */
  rows: number;
  /** Chunks of the token table that are kept. */
  chunks: number;
}
/** Bytes of them that each request may always hold; more if a text takes more. */
const ROW_BYTES_EACH = 64_000;

let resident: TextTower | undefined;

/** @throws ServiceError `model_unavailable` */
export async function textTower(
  createEngine: CreateEngine,
  rooms: TextRooms,
  env: TextEnv,
  waitUntil: WaitUntil,
): Promise<TextTower> {
  const loaded = await leasedManifest(env, env.MODEL, waitUntil);
  resident ??= new TextTower(createEngine, rooms, loaded, env);
  return resident;
}

export class TextTower {
  readonly #manifest: Manifest;
  readonly #tower: Tower;
  readonly #tokens: TokenTable;
  readonly #rowRoom: RowRoom;
  readonly #admission: Admission;

  constructor(
    createEngine: CreateEngine,
    { answers, rows, chunks }: TextRooms,
    { manifest, report }: LoadedManifest,
    env: TextEnv,
  ) {
    const { prefix } = configuredModel(env.MODEL);
    this.#manifest = manifest;
    const { shards, context_length: length } = manifest.text;
    const source = { bucket: env.MODELS, prefix, shards: env.SHARDS, report };
    const inputShape = plannedShape(shards, { length });
    this.#tower = new Tower(createEngine, { shards, source, inputShape });
    const table = manifest.text.token_embedding;
    this.#tokens = new TokenTable(source, table, chunks);
    this.#admission = new Admission(MAX_REQUESTS, { rooms: answers });
    const each = Math.max(ROW_BYTES_EACH, length * table.row_bytes);
    this.#rowRoom = new RowRoom(rows, this.#admission.places, each);
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
    const { embedding_width: width, revision } = this.#manifest;
    const bytes = Float32Array.BYTES_PER_ELEMENT * lengths.length * width + ids.byteLength;
    const work = async (alive: () => void): Promise<Embeddings> => {
      const life = new SignOfLife();
      const check = async (): Promise<void> => {
        await assertWanted(wanted);
        alive();
        life.renew();
      };
      const wasReady = this.#tower.isReady;
      const embeddings = new Float32Array(lengths.length * width);
      try {
        await this.#embed(ids, lengths, embeddings, { check, waitUntil, priority }, life);
      } finally {
        this.#rowRoom.take(life, 0);
      }
      const { loaded } = this.#tower;
      return {
        revision,
        embeddings: normalizeRows(embeddings, width),
        ...(!wasReady && loaded && { loaded }),
      };
    };
    return await this.#admission.admit(size, work, bytes);
  }

  /** Fills `embeddings`, window by window: the rows of a window are read, its texts computed, and the rows freed. */
  async #embed(
    ids: Int32Array,
    lengths: readonly number[],
    embeddings: Float32Array,
    visitor: Visitor,
    life: SignOfLife,
  ): Promise<void> {
    const { embedding_width: width, text } = this.#manifest;
    const rowBytes = text.token_embedding.row_bytes;
    let start = 0;
    let texts = 0;
    for (let done = 0; done < lengths.length; done += texts) {
      const most = Math.floor(this.#rowRoom.mostFor(life) / rowBytes);
      const window = windowOf(ids.subarray(start), lengths.slice(done), most);
      ({ texts } = window);
      this.#rowRoom.take(life, window.rows * rowBytes);
      const own = ids.subarray(start, start + window.positions);
      const [rows] = await withHeartbeat(visitor.check, (signal) =>
        Promise.all([
          this.#tokens.read(own, { isFirst: done === 0, signal }),
          this.#tower.ready(visitor.waitUntil),
        ]),
      );
      try {
        const to = embeddings.subarray(width * done);
        await this.#embedWindow(rows, own, lengths.slice(done, done + texts), to, visitor);
      } finally {
        rows.free();
      }
      this.#rowRoom.take(life, 0);
      start += window.positions;
    }
  }

  async #embedWindow(
    rows: TokenRows,
    ids: Int32Array,
    lengths: readonly number[],
    embeddings: Float32Array,
    visitor: Visitor,
  ): Promise<void> {
    const { embedding_width: width, text } = this.#manifest;
    let done = 0;
    let start = 0;
    for (const step of stepsOf(lengths, Math.max(positionsPerStep(text), this.#tower.textPositions))) {
      const from = { ids: ids.subarray(start), embeddings: embeddings.subarray(width * done) };
      await this.#tower.turn(visitor, () => this.#run(rows, step, from));
      done += step.length;
      start += sum(step);
    }
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
      const data = rows.of(ids.subarray(start, start + positions));
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
