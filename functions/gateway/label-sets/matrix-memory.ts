/**
 * Label matrices in the isolate's memory. With a matrix in memory, a classification costs one matrix product for its
 * labels. A set of 10,000 labels takes 26 MB, so all matrices count towards a limit: those being loaded, those in use
 * and those that are only kept. Room is taken before a matrix is loaded. If there is none, unused matrices are dropped,
 * the least recently used first; if that is not enough, the request waits until others release theirs. Small matrices
 * have separate room, so they never wait for large ones. Matrices of lines of batches that come with the lines may be
 * in use in half of the room, because they wait there for work in the background; only one that is alone may take more.
 *
 * Waiting is by polling, and each use shows by a timer that its request is alive; `runtime/sharing/sign-of-life.ts` says why.
 */
import { ServiceError } from "../../runtime/errors.ts";
import { RoomHolder } from "../../runtime/sharing/room-holder.ts";
import { SignOfLife } from "../../runtime/sharing/sign-of-life.ts";
import { waitForRoom } from "../../runtime/sharing/wait-for-room.ts";
import { freeBuffer } from "../../runtime/bytes/free-buffer.ts";
import type { LabelMatrix } from "../../label-sets/label-matrix.ts";

type Lane = "small" | "large";

/** Largest small matrix, bytes: 390 labels of 640 values. */
const SMALL_BYTES = 1_000_000;
/**
 * The large lane has room for the largest set: 10,000 labels of 640 values and 1,000 negatives, with 10 MB of names.
 */
export const MATRIX_ROOM: Readonly<Record<Lane, number>> = { small: 4_000_000, large: 38_000_000 };

/** What matrices of lines of batches may take of a lane. */
const LINES_SHARE = 1 / 2;

/** How long a client waits before it is told to try again. */
const PATIENCE_MS = 15_000;
const HEARTBEAT_MS = 5_000;
/** Several heartbeats, because other work may block the isolate for seconds. */
const USE_EXPIRY_MS = 30_000;
/** A waiting request that has not polled for this long was ended. */
const WAITING_EXPIRY_MS = 1_000;

interface Entry {
  /** True if it was loaded for a line of a batch. */
  isOfLine: boolean;
  lane: Lane;
  /** Bytes that count towards the limit: what the entry took while it was loaded. */
  bytes: number;
  uses: Set<Use>;
  /** Undefined while the matrix is being loaded. */
  matrix: LabelMatrix | undefined;
  /** When its set was last seen to exist, at the latest when its load began. Milliseconds. */
  checkedAt: number;
  /** True if its set was deleted while it was being loaded. */
  isForgotten: boolean;
  /** True if a request that used it was taken for ended. */
  wasAbandoned: boolean;
}

/** A request's use of a matrix, until it releases it. */
class Use extends RoomHolder {
  readonly #entry: Entry;

  constructor(entry: Entry) {
    super(HEARTBEAT_MS);
    this.#entry = entry;
    entry.uses.add(this);
  }

  isAlive(): boolean {
    return !this.isSilentFor(USE_EXPIRY_MS);
  }

  release(): void {
    this.endSigns();
    this.#entry.uses.delete(this);
  }
}

/** A matrix that stays in memory until it is released. */
export interface UsedMatrix {
  matrix: LabelMatrix;
  release: () => void;
}

export class MatrixMemory {
  readonly #limits: Readonly<Record<Lane, number>>;
  /** All entries, the least recently used first. */
  readonly #entries = new Map<string, Entry>();
  /** Requests that wait for room, in order of arrival. */
  readonly #waiting: Readonly<Record<Lane, Set<SignOfLife>>> = { small: new Set(), large: new Set() };

  /** Lines of batches that do: no request waits behind them. */
  readonly #waitingLines: Readonly<Record<Lane, Set<SignOfLife>>> = { small: new Set(), large: new Set() };

  constructor(limits: Readonly<Record<Lane, number>>) {
    this.#limits = limits;
  }

  /** Bytes of all matrices. */
  get bytes(): number {
    return this.#held("small") + this.#held("large");
  }

  /** When the matrix's set was last known to exist; undefined if the matrix is not in memory. */
  checkedAt(key: string): number | undefined {
    const entry = this.#entries.get(key);
    return entry?.matrix === undefined ? undefined : entry.checkedAt;
  }

  /** Records that the matrix's set exists. */
  checked(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.checkedAt = Date.now();
  }

  /** The matrix, if it is in memory. */
  use(key: string): UsedMatrix | undefined {
    const entry = this.#entries.get(key);
    if (entry?.matrix === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const use = new Use(entry);
    return { matrix: entry.matrix, release: () => use.release() };
  }

  /**
   * Loads a matrix when there is room for it.
   * @param bytes memory of the matrix, and of whatever else is needed to make it
   * @param isOfLine true for a matrix that only a line of a batch is known to need
   * @returns undefined if `make` finds no matrix
   * @throws ServiceError `overloaded`; whatever `make` throws
   */
  load(key: string, bytes: number, make: () => Promise<LabelMatrix>, isOfLine?: boolean): Promise<UsedMatrix>;
  load(
    key: string,
    bytes: number,
    make: () => Promise<LabelMatrix | undefined>,
    isOfLine?: boolean,
  ): Promise<UsedMatrix | undefined>;
  async load(
    key: string,
    bytes: number,
    make: () => Promise<LabelMatrix | undefined>,
    isOfLine = false,
  ): Promise<UsedMatrix | undefined> {
    const entry: Entry = {
      isOfLine,
      lane: laneOf(bytes),
      bytes,
      uses: new Set(),
      matrix: undefined,
      checkedAt: Date.now(),
      isForgotten: false,
      wasAbandoned: false,
    };
    // An abandoned load of the same matrix may still be running, so both count.
    const loading = `${key} ${crypto.randomUUID()}`;
    const use = new Use(entry);
    try {
      await this.#enter(loading, entry);
      const matrix = await make();
      if (matrix === undefined) {
        use.release();
        this.#entries.delete(loading);
        return undefined;
      }
      entry.matrix = matrix;
      entry.bytes = Math.min(bytes, matrix.packed.byteLength + LABEL_BYTES * matrix.minSimilarity.length);
      // Its set was deleted meanwhile: it counts until this request is done with it, and nobody else finds it.
      if (entry.isForgotten) return { matrix, release: () => use.release() };
      this.#entries.delete(loading);
      // An older matrix that is still in use counts until it is released.
      const former = this.#entries.get(key);
      if (former !== undefined && isUsed(former)) this.#entries.set(loading, former);
      this.#entries.set(key, entry);
      return { matrix, release: () => use.release() };
    } catch (error) {
      use.release();
      this.#entries.delete(loading);
      throw error;
    }
  }

  /** Drops a matrix whose set was deleted. Requests that use it may finish. */
  forget(key: string): void {
    for (const [name, loading] of this.#entries) {
      if (name.startsWith(`${key} `)) loading.isForgotten = true;
    }
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    if (isUsed(entry)) this.#entries.set(`${key} ${crypto.randomUUID()}`, entry);
  }

  /** Waits for room, and takes it. */
  async #enter(key: string, entry: Entry): Promise<void> {
    const { lane, bytes, isOfLine } = entry;
    if (bytes > this.#limits[lane]) throw setTooLarge(bytes);
    const waiting = (isOfLine ? this.#waitingLines : this.#waiting)[lane];
    const me = new SignOfLife();
    const enter = (): boolean => {
      me.renew();
      // Add it again, in case it was removed as expired.
      waiting.add(me);
      const isNext = this.#isFirst(waiting, me) && (!isOfLine || this.#isWithinLines(lane, bytes));
      if (!isNext || !this.#makeRoom(lane, bytes)) return false;
      this.#entries.set(key, entry);
      return true;
    };
    try {
      if (!(await waitForRoom(enter, PATIENCE_MS))) throw setsInUse();
    } finally {
      waiting.delete(me);
    }
  }

  #isFirst(waiting: Set<SignOfLife>, me: SignOfLife): boolean {
    for (const other of waiting) {
      if (other === me) return true;
      if (!other.isOlderThan(WAITING_EXPIRY_MS)) return false;
      waiting.delete(other);
    }
    return false;
  }

  /** True if a matrix of this size may be used beside those of other lines. */
  #isWithinLines(lane: Lane, bytes: number): boolean {
    let used = 0;
    for (const entry of this.#entries.values()) {
      if (entry.lane === lane && entry.isOfLine && isUsed(entry)) used += entry.bytes;
    }
    return used === 0 || used + bytes <= this.#limits[lane] * LINES_SHARE;
  }

  /**
   * Drops unused matrices, as far as necessary, and frees them: the next one comes before the garbage collector does.
   * @returns true if there is room now
   */
  #makeRoom(lane: Lane, bytes: number): boolean {
    let left = this.#limits[lane] - bytes - this.#held(lane);
    for (const [key, entry] of this.#entries) {
      if (left >= 0) return true;
      if (entry.lane !== lane || isUsed(entry)) continue;
      this.#entries.delete(key);
      if (entry.matrix !== undefined && !entry.wasAbandoned) freeBuffer({ buffer: entry.matrix.packed });
      left += entry.bytes;
    }
    return left >= 0;
  }

  #held(lane: Lane): number {
    let held = 0;
    for (const entry of this.#entries.values()) if (entry.lane === lane) held += entry.bytes;
    return held;
  }
}

/** Bytes of a label's threshold. */
const LABEL_BYTES = 16;

function laneOf(bytes: number): Lane {
  return bytes > SMALL_BYTES ? "large" : "small";
}

function isUsed(entry: Entry): boolean {
  for (const use of entry.uses) {
    if (use.isAlive()) continue;
    use.release();
    entry.wasAbandoned = true;
  }
  return entry.uses.size > 0;
}

export function setsInUse(): ServiceError {
  return new ServiceError("overloaded", "too many large label sets are in use at once; try again");
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;

/** @param bytes size of the set's matrix */
export function setTooLarge(bytes: number): ServiceError {
  const message = `with vectors and names the labels take ${megabytes(bytes)}, more than ${megabytes(MATRIX_ROOM.large)}`;
  return new ServiceError("too_long", `${message}: make two sets of them, or shorten the names`, {
    param: "labels",
  });
}

/** One instance for all requests of the isolate. */
export const matrixMemory = new MatrixMemory(MATRIX_ROOM);
