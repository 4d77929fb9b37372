/**
 * The segments of a vector store: which rows each has, which of them are dead, and what should be written anew. A segment
 * has all live rows of a range of numbers, so that a row's number tells its segment and compaction writes nothing to rows.
 */
import type { SegmentRef } from "../../vector-stores/store-state-rpc.ts";
import { unixSeconds } from "../../runtime/unix-seconds.ts";

/** Small segments side by side that are made one. */
const MERGED = 4;
/** A segment counts as small with less than this share of the rows that it may have. */
const SMALL = 3 / 4;
/** A segment is written anew once this share of its rows is dead. */
const DEAD_SHARE = 1 / 4;
/** Seconds after which no search reads a segment that was replaced. */
const GARBAGE_AFTER = 600;

interface Place extends Record<string, SqlStorageValue> {
  first: number;
  last: number;
}

interface SegmentRow extends Place {
  key: string;
  rows: number;
  live: number;
  bytes: number;
  sha256: string;
  dead: ArrayBuffer;
}

/** A range of numbers whose live rows become one segment. */
export interface Range {
  from: number;
  to: number;
  /** `first` of the segments that it replaces. */
  replaces: number[];
}

export class SegmentTable {
  readonly #sql: SqlStorage;

  constructor({ sql }: DurableObjectStorage) {
    this.#sql = sql;
  }

  /** Rows with higher numbers are in no segment. */
  covered(): number {
    return (
      this.#sql.exec<{ last: number }>("SELECT last FROM segments ORDER BY first DESC LIMIT 1").toArray()[0]
        ?.last ?? 0
    );
  }

  refs(): SegmentRef[] {
    return this.#all().map(({ key, rows, live, bytes, sha256, dead }) => ({
      key,
      rows,
      bytes,
      sha256,
      ...(live === rows ? {} : { dead: new Uint8Array(dead) }),
    }));
  }

  has(key: string): boolean {
    return this.#sql.exec("SELECT 1 FROM segments WHERE key = ?", key).toArray().length > 0;
  }

  /** The row is not live any more. @returns false if it is in no segment */
  die(number: number): boolean {
    const [segment] = this.#sql
      .exec<{ first: number; last: number; dead: ArrayBuffer; numbers: ArrayBuffer }>(
        `SELECT first, last, dead, numbers FROM segments JOIN segment_numbers USING (first)
         WHERE first <= ? ORDER BY first DESC LIMIT 1`,
        number,
      )
      .toArray();
    if (segment === undefined || number > segment.last) return false;
    const index = indexIn(new Uint32Array(segment.numbers), number);
    const dead = new Uint8Array(segment.dead);
    setBit(dead, index);
    this.#sql.exec(
      "UPDATE segments SET dead = ?, live = live - 1 WHERE first = ?",
      segment.dead,
      segment.first,
    );
    return true;
  }

  /** Marks a segment whose object cannot be read, if it is still one of the store's. */
  damage(key: string): void {
    this.#sql.exec("UPDATE segments SET is_damaged = 1 WHERE key = ?", key);
  }

  /** The range of a segment whose object cannot be read. */
  damaged(): Range | undefined {
    const [segment] = this.#sql
      .exec<Place>("SELECT first, last FROM segments WHERE is_damaged = 1 LIMIT 1")
      .toArray();
    return segment && rangeOf([segment]);
  }

  /** Segments without live rows go at once. @returns whether there were any */
  dropEmpty(): boolean {
    const empty = this.#all().filter(({ live }) => live === 0);
    for (const { first } of empty) this.#remove(first);
    return empty.length > 0;
  }

  /**
   * @param most rows of a segment
   * @returns the range of which a segment should be made of those that there are; undefined if none is due
   */
  due(most: number): Range | undefined {
    const segments = this.#all();
    const merged = bestRun(segments, most);
    if (merged.length >= MERGED) return rangeOf(merged);
    const spoiled = segments.find(({ rows, live }) => rows - live >= rows * DEAD_SHARE);
    return spoiled && rangeOf([spoiled]);
  }

  /**
   * @param numbers of its rows, rising
   * @param live those that are live now
   * @param replaces `first` of the segments whose rows it has
   */
  add(segment: SegmentRef, numbers: Uint32Array, live: Uint32Array, replaces: readonly number[]): void {
    for (const first of replaces) this.#remove(first);
    const dead = new Uint8Array(Math.ceil(numbers.length / 8));
    const alive = new Set(live);
    for (const [index, number] of numbers.entries()) if (!alive.delete(number)) setBit(dead, index);
    if (alive.size > 0) throw new Error("a segment lacks rows that are live");
    const first = numbers[0]!;
    this.#sql.exec(
      "INSERT INTO segments (first, last, key, rows, live, bytes, sha256, dead) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      first,
      numbers.at(-1)!,
      segment.key,
      numbers.length,
      live.length,
      segment.bytes,
      segment.sha256,
      dead.buffer,
    );
    this.#sql.exec("INSERT INTO segment_numbers VALUES (?, ?)", first, numbers.slice().buffer);
  }

  /** Nobody needs the object any more, whether it is there or not. */
  discard(key: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO garbage VALUES (?, ?)", key, unixSeconds());
  }

  garbage(limit: number): string[] {
    return this.#sql
      .exec<{ key: string }>(
        "SELECT key FROM garbage WHERE since <= ? LIMIT ?",
        unixSeconds() - GARBAGE_AFTER,
        limit,
      )
      .toArray()
      .map(({ key }) => key);
  }

  cleared(keys: readonly string[]): void {
    for (const key of keys) this.#sql.exec("DELETE FROM garbage WHERE key = ?", key);
  }

  #all(): SegmentRow[] {
    return this.#sql.exec<SegmentRow>("SELECT * FROM segments ORDER BY first").toArray();
  }

  #remove(first: number): void {
    const removed = this.#sql.exec<{ key: string }>(
      "DELETE FROM segments WHERE first = ? RETURNING key",
      first,
    );
    for (const { key } of removed.toArray()) this.discard(key);
    this.#sql.exec("DELETE FROM segment_numbers WHERE first = ?", first);
  }
}

/** The most small segments side by side whose live rows fit into one. */
function bestRun(segments: readonly SegmentRow[], most: number): SegmentRow[] {
  let best: SegmentRow[] = [];
  let run: SegmentRow[] = [];
  let live = 0;
  for (const segment of segments) {
    if (segment.live >= most * SMALL) {
      run = [];
      live = 0;
      continue;
    }
    run.push(segment);
    live += segment.live;
    while (live > most) live -= run.shift()!.live;
    if (run.length > best.length) best = [...run];
  }
  return best;
}

function rangeOf(segments: readonly Place[]): Range {
  return {
    from: segments[0]!.first,
    to: segments.at(-1)!.last,
    replaces: segments.map(({ first }) => first),
  };
}

function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3] = bits[index >> 3]! | (1 << (index & 7));
}

/** Index of a number that is among sorted ones. */
function indexIn(numbers: Uint32Array, number: number): number {
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
