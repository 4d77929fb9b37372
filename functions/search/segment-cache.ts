/**
 * The parts of segments in this isolate's memory: pages of vectors, and groups of attributes. A part is loaded once for
 * all searches that wait for it, if there is room to keep it; none of them awaits another one's promise
 * (`runtime/sharing/sign-of-life.ts`).
 */
import { LruCache } from "../runtime/memory-cache.ts";
import { SignOfLife } from "../runtime/sharing/sign-of-life.ts";
import type { SegmentHeader } from "../vector-stores/segment-header.ts";
import { PAGE_BYTES, groupOf, scanBytes } from "../vector-stores/segment-layout.ts";
import type { SegmentRef } from "../vector-stores/store-state-rpc.ts";
import { type Hold, PageMemory } from "./page-memory.ts";
import type { SegmentReader, Sink } from "./read-part.ts";
import type { ScanMemory } from "./scan-memory.ts";

/** 84 MB in all. A store of 100,000 vectors of 640 values has 250 pages. */
const MAX_PAGES = 320;
/** The others are for loads: two of the largest segments at once, even if all pages that are kept are needed. */
const MAX_KEPT = 280;
/** Headers of 4 KB. */
const MAX_HEADERS = 512;
/** Milliseconds without a sign of life after which a load has ended. */
const LOAD_EXPIRY_MS = 10_000;
const POLL_MS = 10;

/** What a search needs to load a part. */
export interface Loading {
  reader: SegmentReader;
  /** Keys of the segments that the search needs; they do not make way for each other. */
  needed: ReadonlySet<string>;
  /** Aborted when the search ends. */
  signal: AbortSignal;
}

/**
 * Uses a part that was loaded, before it may make way.
 * @param pages of the part, until the next await.
 * @throws Error if this request was silent for so long that it lost them
 */
export type UseLoaded = (pages: () => readonly number[]) => Promise<void>;

export class SegmentCache {
  readonly memory: ScanMemory;
  readonly #pages: PageMemory;
  readonly #headers = new LruCache<string, SegmentHeader>(MAX_HEADERS, () => 1);
  /** Loads under way, by the part's key. */
  readonly #loads = new Map<string, SignOfLife>();

  constructor(memory: ScanMemory) {
    this.memory = memory;
    this.#pages = new PageMemory(MAX_PAGES, MAX_KEPT, (pages) => memory.grow(pages));
  }

  /** A segment's pages until the next await, if they are in memory. */
  segment(ref: SegmentRef): readonly number[] | undefined {
    return this.#pages.use(ref.key);
  }

  /** A copy of the group with a key's column, if it is in memory. */
  group(ref: SegmentRef, key: string): Uint8Array<ArrayBuffer> | undefined {
    const part = this.#headers.get(ref.key)?.group(key);
    if (part === undefined) return undefined;
    if (part.length === 0) return new Uint8Array(0);
    const pages = this.#pages.use(groupKey(ref, key));
    return pages && this.memory.read(pages, part.length);
  }

  /**
   * Loads a segment and gives its pages to `use`. If another search loads it, waits a little instead.
   * @throws DamagedSegmentError, DeadlineError, what R2 or `use` throws, or the signal's reason
   */
  async loadSegment(ref: SegmentRef, width: number, loading: Loading, use: UseLoaded): Promise<void> {
    const length = scanBytes(ref.rows, width);
    await this.#load(ref.key, length, loading, use, async (sink) => {
      this.#headers.set(ref.key, await loading.reader.pages(ref, width, length, sink));
    });
  }

  /** Loads the group with a key's column, as `loadSegment`. `use` is not called if the group is empty. */
  async loadGroup(
    ref: SegmentRef,
    width: number,
    key: string,
    loading: Loading,
    use: (bytes: () => Uint8Array<ArrayBuffer>) => Promise<void>,
  ): Promise<void> {
    const header = this.#headers.get(ref.key) ?? (await loading.reader.header(ref, width));
    this.#headers.set(ref.key, header);
    const part = header.group(key);
    if (part.length === 0) return;
    const copy = (pages: () => readonly number[]): Promise<void> =>
      use(() => this.memory.read(pages(), part.length));
    await this.#load(groupKey(ref, key), part.length, loading, copy, (sink) =>
      loading.reader.part(ref.key, part, sink),
    );
  }

  async #load(
    key: string,
    length: number,
    { needed, signal }: Loading,
    use: UseLoaded,
    read: (sink: Sink) => Promise<void>,
  ): Promise<void> {
    const other = this.#loads.get(key);
    if (other !== undefined && !other.isOlderThan(LOAD_EXPIRY_MS)) {
      await scheduler.wait(POLL_MS);
      return;
    }
    const me = new SignOfLife();
    this.#loads.set(key, me);
    let hold: Hold | undefined;
    try {
      const held = (hold = await this.#hold(length, needed, signal, me));
      await read((piece, at) => {
        signal.throwIfAborted();
        me.renew();
        held.renew();
        this.memory.write(held.pages, at, piece);
      });
      await use(() => {
        held.renew();
        return held.pages;
      });
      this.#pages.keep(key, held, needed);
    } finally {
      if (hold !== undefined) this.#pages.release(hold);
      if (this.#loads.get(key) === me) this.#loads.delete(key);
    }
  }

  async #hold(
    length: number,
    needed: ReadonlySet<string>,
    signal: AbortSignal,
    me: SignOfLife,
  ): Promise<Hold> {
    for (;;) {
      const hold = this.#pages.hold(Math.ceil(length / PAGE_BYTES), needed);
      if (hold !== undefined) return hold;
      await scheduler.wait(POLL_MS);
      signal.throwIfAborted();
      me.renew();
    }
  }
}

function groupKey(ref: SegmentRef, key: string): string {
  return `${ref.key}#${groupOf(key)}`;
}
