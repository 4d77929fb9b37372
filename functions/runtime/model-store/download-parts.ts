/**
 * Downloads parts of a model into the caller's memory, by several streams at once, and verifies them in order.
 *
 * From R2, pieces are read in parallel. From the data center's cache, they come in a few answers, because each answer
 * may count as one of the 32 Workers that a request may invoke. The pieces are distributed over the answers in turns,
 * so that those that are needed first arrive first. Parts that the cache lacks or that are damaged are read from R2.
 */
import { DEADLINES, withDeadline } from "../deadline.ts";
import {
  Arrivals,
  BrokenStreamError,
  EndedEarlyError,
  type Part,
  type Piece,
  type Receiver,
} from "./arrivals.ts";
import { keyOf, type ModelSource } from "./model-source.ts";
import { damaged } from "./read-verified.ts";
import {
  askShards,
  forgetDamaged,
  hasCache,
  isKeptShort,
  type ShardsFetcher,
  warnOfCache,
} from "./shards-cache.ts";
import { cut, SLICE_BYTES, slicesPath } from "./slices.ts";
import { SourceReport } from "./source-report.ts";

export interface Download extends Receiver {
  /**
   * Indices of the parts to request from the cache, one list for each answer. Default: all parts, in `TOWER_ANSWERS`
   * answers. Parts that are in no list come from R2.
   */
  answers?: readonly (readonly number[])[];
  /** Called once the last byte is in its place. */
  onArrived?: () => void;
}

/** Together with the manifest, a cold tower sends four requests to the cache. */
const TOWER_ANSWERS = 3;
/**
 * Streams from R2 at once. On the platform, a request may wait for the headers of six at a time; bodies do not count.
 */
const R2_STREAMS = 12;
/** Bytes of one stream from R2: few enough that the first part is complete long before the last. */
const R2_PIECE_BYTES = 4_194_304;

/**
 * @returns the parts' indices in order, each once it is in its place and verified
 * @throws ServiceError `model_unavailable`; what `place` or `onProgress` throws
 */
export async function* downloadParts(source: ModelSource, download: Download): AsyncGenerator<number> {
  const arrivals = new Arrivals(download);
  new Downloader(source, download, arrivals).start().then(
    () => download.onArrived?.(),
    (error: unknown) => arrivals.end(error),
  );
  try {
    for (const [index, { promise }] of arrivals.done.entries()) {
      await promise;
      yield index;
    }
  } finally {
    arrivals.end(new Error("the download has ended"));
  }
}

class Downloader {
  readonly #source: ModelSource;
  readonly #arrivals: Arrivals;
  readonly #report: SourceReport;
  readonly #parts: readonly Part[];
  readonly #answers: readonly (readonly number[])[] | undefined;
  /** Parts of which at least a piece came from the cache. */
  readonly #ofCache = new Set<number>();
  /**
   * Parts that the cache keeps damaged, and that are read again from R2. For those of an answer that ended early, how
   * to find out whether the cache has no more of it, or only did not give more this time.
   */
  readonly #damaged = new Map<number, () => Promise<boolean>>();

  constructor(source: ModelSource, { parts, answers }: Download, arrivals: Arrivals) {
    this.#source = source;
    this.#arrivals = arrivals;
    this.#report = source.report ?? new SourceReport();
    this.#parts = parts;
    this.#answers = answers;
  }

  async start(): Promise<void> {
    const { shards } = this.#source;
    const all = [...this.#parts.keys()];
    if (shards === undefined || !hasCache()) {
      await this.#fromR2(this.#pieces(all, R2_PIECE_BYTES), R2_STREAMS);
      return;
    }
    const answers = this.#answers?.map((some) => this.#pieces(some, SLICE_BYTES));
    const asked = new Set(this.#answers === undefined ? all : this.#answers.flat());
    const rest = all.filter((index) => !asked.has(index));
    await Promise.all([
      ...(answers ?? deal(this.#pieces(all, SLICE_BYTES))).map((pieces) => this.#fromCache(shards, pieces)),
      this.#fromR2(this.#pieces(rest, R2_PIECE_BYTES), R2_STREAMS),
    ]);
  }

  #pieces(parts: readonly number[], most: number): Piece[] {
    const pieces: Piece[] = [];
    for (const index of parts) {
      const { file, offset = 0, bytes: length } = this.#arrivals.part(index);
      for (const slice of cut({ file, offset, length }, most)) pieces.push({ ...slice, index });
    }
    return pieces;
  }

  async #fromCache(shards: ShardsFetcher, pieces: Piece[]): Promise<void> {
    let isKept = false;
    const path = slicesPath(this.#source.prefix, pieces);
    const asked = lengthOf(pieces);
    try {
      const { body, origin } = await askShards(shards, path).catch((cause: unknown) => {
        throw new BrokenStreamError("it was not given", { cause });
      });
      isKept = origin === "cache";
      for (const { index } of pieces) this.#ofCache.add(index);
      await this.#arrivals
        .take(body, pieces, DEADLINES.cache, (index) => this.#verify(index))
        .finally(() => {
          this.#report.bytes[origin] += asked - lengthOf(pieces);
        });
    } catch (error) {
      if (!(error instanceof BrokenStreamError)) throw error;
      if (isKept && error instanceof EndedEarlyError) {
        let isCut: Promise<boolean> | undefined;
        const find = (): Promise<boolean> => (isCut ??= isKeptShort(shards, path, asked));
        for (const { index } of pieces) this.#damaged.set(index, find);
      }
      this.#repaired(pieces, error);
      await this.#fromR2(pieces, R2_STREAMS / TOWER_ANSWERS);
    }
  }

  /** @throws ServiceError `model_unavailable` */
  async #fromR2(pieces: readonly Piece[], streams: number): Promise<void> {
    const left = pieces.values();
    const lanes = Array.from({ length: Math.min(streams, pieces.length) }, async () => {
      for (const piece of left) await this.#readPiece(piece);
    });
    await Promise.all(lanes);
  }

  async #readPiece(piece: Piece): Promise<void> {
    const key = keyOf(this.#source, piece.file);
    const { bytes, offset } = this.#arrivals.part(piece.index);
    const isWhole = offset === undefined && piece.length === bytes;
    const options = isWhole ? {} : { range: { offset: piece.offset, length: piece.length } };
    const object = await withDeadline(DEADLINES.r2, () => this.#source.bucket.get(key, options)).catch(
      (cause: unknown) => {
        throw damaged(key, "reading it failed", cause);
      },
    );
    if (object === null) throw damaged(key, "it is missing");
    if (offset === undefined && object.size !== bytes) {
      await object.body.cancel();
      throw damaged(key, `it has ${object.size} bytes, the manifest says ${bytes}`);
    }
    try {
      await this.#arrivals.take(object.body, [piece], DEADLINES.r2, (index) => this.#verify(index));
      this.#report.bytes.r2 += piece.length;
    } catch (error) {
      throw error instanceof BrokenStreamError ? damaged(key, error.message, error.cause) : error;
    }
  }

  /**
   * Verifies a part. If it is damaged and a piece of it came from the cache, it is read again from R2. The cache
   * forgets it only if R2's bytes are right, because the cache would get R2's bytes again.
   * @throws ServiceError `model_unavailable` if it is damaged in R2
   */
  async #verify(index: number): Promise<void> {
    const { shards, prefix } = this.#source;
    if (await this.#arrivals.isRight(index)) {
      const isDamaged = this.#damaged.get(index);
      this.#damaged.delete(index);
      if (shards !== undefined && (await isDamaged?.()) === true) await forgetDamaged(shards, prefix);
      return;
    }
    const error = new Error("its SHA-256 is not the manifest's");
    const pieces = this.#pieces([index], R2_PIECE_BYTES);
    if (!this.#ofCache.delete(index))
      throw damaged(keyOf(this.#source, this.#arrivals.part(index).file), error.message);
    this.#repaired(pieces, error);
    this.#damaged.set(index, async () => true);
    this.#arrivals.expectAgain(index);
    await this.#fromR2(pieces, R2_STREAMS);
  }

  #repaired(pieces: readonly Piece[], error: Error): void {
    const files = new Set(pieces.map(({ file }) => file));
    for (const file of files) this.#report.repaired.add(file);
    const cause = error.cause instanceof Error ? ` (${String(error.cause)})` : "";
    const keys = [...files].map((file) => keyOf(this.#source, file)).join(", ");
    warnOfCache(`${keys}: ${error.message}${cause}`);
  }
}

/** Distributes the pieces: each answer gets every `TOWER_ANSWERS`-th piece. */
function deal(pieces: readonly Piece[]): Piece[][] {
  const answers = Array.from({ length: Math.min(TOWER_ANSWERS, pieces.length) }, (): Piece[] => []);
  for (const [i, piece] of pieces.entries()) answers[i % answers.length]?.push(piece);
  return answers;
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}
