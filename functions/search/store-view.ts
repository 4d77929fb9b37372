/** What this isolate knows of vector stores. It is asked anew at each search, and told what has changed since. */
import { MemoryCache } from "../runtime/memory-cache.ts";
import { SignOfLife } from "../runtime/sharing/sign-of-life.ts";
import type { Attributes } from "../vector-stores/stored-picture.ts";
import type { KnownView, SegmentRef, StoreView } from "../vector-stores/store-state-rpc.ts";
import { type LiveOpenPage, highestNumber, mergedPages } from "./open-rows.ts";

/** A store at one moment. Nobody changes it. */
export interface StoreSnapshot {
  version: number;
  model: string;
  width: number;
  segments: readonly SegmentRef[];
  /** Live rows that are in no segment. */
  open: readonly LiveOpenPage[];
}

type Answer = StoreView | "same" | "expired" | undefined;

/** Asks the store's object. */
export type AskView = (known: KnownView | null) => Promise<Answer | "more">;

/** Bytes of snapshots that are kept: one of the largest of 640 values and the longest attributes. */
const ROOM = 6_000_000;
/** Bytes of snapshots that searches use and that are not kept, and of what they are being told. */
const IN_FLIGHT = 9_000_000;
/** Bytes that a whole answer may have. */
const WHOLE_BYTES = 6_000_000;
/** Most rows that are told beside what is known, and their bytes. */
const MAX_ADDED = 256;
const ADDED_BYTES = 1_500_000;
/** Milliseconds after which an ask has ended, whatever became of its request: longer than the object's deadline. */
const ASK_EXPIRY_MS = 10_000;
/** Milliseconds after which a search has ended, whatever became of its request; it has 25 seconds. */
const USE_EXPIRY_MS = 30_000;
const POLL_MS = 5;
/** Rough cost of a segment's reference, and of an attribute beside its characters. */
const REF_BYTES = 400;
const ATTRIBUTE_BYTES = 48;

interface Known {
  snapshot: StoreSnapshot;
  bytes: number;
  /** When it was asked for, as a number of `#clock`. */
  asked: number;
}

/** A search under way. */
interface Use {
  name: string;
  since: SignOfLife;
  known: Known | undefined;
  /** What is being asked: since when, and bytes that the answer may have. */
  ask: { since: SignOfLife; bytes: number } | undefined;
}

/**
 * Snapshots are kept as far as there is room; those that searches use beyond that are bounded too, so a search may have
 * to wait for others to end. A store is asked once for all searches that wait, by one of them; none awaits another
 * one's promise (`runtime/sharing/sign-of-life.ts`).
 */
export class StoreViews {
  readonly #kept = new MemoryCache<Known>(ROOM, ({ bytes }) => bytes);
  readonly #uses = new Set<Use>();
  /** Rises with each search and each ask. */
  #clock = 0;

  /**
   * Gives `work` the store as it is now.
   * @param signal its abort ends the waiting
   * @throws what `ask` or `work` throws; the signal's reason
   */
  async use<T>(
    name: string,
    ask: AskView,
    signal: AbortSignal,
    work: (view: StoreSnapshot | "expired" | undefined) => Promise<T>,
  ): Promise<T> {
    const use: Use = { name, since: new SignOfLife(), known: undefined, ask: undefined };
    this.#uses.add(use);
    try {
      return await work(await this.#view(use, ask, signal));
    } finally {
      this.#uses.delete(use);
    }
  }

  async #view(use: Use, ask: AskView, signal: AbortSignal): Promise<StoreSnapshot | "expired" | undefined> {
    const came = ++this.#clock;
    for (let isWhole = false; ;) {
      const known = this.#latest(use.name);
      // Whatever had changed when this search came, the object knew.
      if (known !== undefined && known.asked > came) {
        use.known = known;
        return known.snapshot;
      }
      const bytes = known === undefined || isWhole ? WHOLE_BYTES : ADDED_BYTES;
      if (!this.#mayAsk(use.name, bytes)) {
        await scheduler.wait(POLL_MS);
        signal.throwIfAborted();
        continue;
      }
      const view = await this.#ask(use, isWhole ? undefined : known, bytes, ask);
      if (view !== "more") return view;
      isWhole = true;
    }
  }

  async #ask(
    use: Use,
    known: Known | undefined,
    bytes: number,
    ask: AskView,
  ): Promise<StoreSnapshot | "expired" | "more" | undefined> {
    const { name } = use;
    use.known = known;
    use.ask = { since: new SignOfLife(), bytes };
    const asked = ++this.#clock;
    try {
      const view = await ask(
        known === undefined
          ? null
          : {
              version: known.snapshot.version,
              number: highestNumber(known.snapshot.open),
              most: MAX_ADDED,
            },
      );
      if (view === "more") return view;
      if (view === undefined || view === "expired" || (view === "same" && known === undefined)) {
        this.#kept.delete(name);
        return view === "expired" ? view : undefined;
      }
      const snapshot = view === "same" ? known!.snapshot : snapshotOf(view, known?.snapshot);
      use.known = { snapshot, bytes: view === "same" ? known!.bytes : sizeOf(snapshot), asked };
      if ((this.#kept.get(name)?.asked ?? 0) < asked) this.#kept.set(name, use.known);
      return snapshot;
    } finally {
      use.ask = undefined;
    }
  }

  /** What was asked for last, kept or not. */
  #latest(name: string): Known | undefined {
    let latest = this.#kept.get(name);
    for (const { name: other, known } of this.#uses) {
      if (other === name && known !== undefined && known.asked > (latest?.asked ?? 0)) latest = known;
    }
    return latest;
  }

  /** True if nobody asks for the store and there is room for the answer. */
  #mayAsk(name: string, bytes: number): boolean {
    const inFlight = new Map<StoreSnapshot, number>();
    let asked = 0;
    for (const use of this.#uses) {
      if (use.since.isOlderThan(USE_EXPIRY_MS)) {
        this.#uses.delete(use);
        continue;
      }
      if (use.known !== undefined) inFlight.set(use.known.snapshot, use.known.bytes);
      if (use.ask === undefined || use.ask.since.isOlderThan(ASK_EXPIRY_MS)) continue;
      if (use.name === name) return false;
      asked += use.ask.bytes;
    }
    for (const use of this.#uses) {
      const kept = this.#kept.get(use.name);
      if (kept !== undefined) inFlight.delete(kept.snapshot);
    }
    const used = inFlight.values().reduce((sum, each) => sum + each, 0);
    // A larger one than there may be gets through alone.
    return asked + used === 0 || asked + used + bytes <= IN_FLIGHT;
  }
}

function snapshotOf(view: StoreView, known: StoreSnapshot | undefined): StoreSnapshot {
  const { version, model, width, segments } = view;
  return {
    version,
    model,
    width,
    segments,
    open: mergedPages(known?.open ?? [], view.added, view.live, width),
  };
}

function sizeOf({ segments, open }: StoreSnapshot): number {
  let bytes = 0;
  for (const { key, sha256, dead } of segments) {
    bytes += REF_BYTES + 2 * (key.length + sha256.length) + (dead?.length ?? 0);
  }
  for (const { page, live } of open) {
    bytes += page.bytes.length + page.numbers.byteLength + live.length;
    for (const attributes of page.attributes) bytes += weightOf(attributes);
  }
  return bytes;
}

function weightOf(attributes: Attributes): number {
  return Object.entries(attributes).reduce(
    (sum, [key, value]) =>
      sum + ATTRIBUTE_BYTES + textBytes(key) + (typeof value === "string" ? textBytes(value) : 0),
    0,
  );
}

/** V8 gives a character one byte if all of a string's are below 256. */
function textBytes(text: string): number {
  return /[^\0-\u00FF]/.test(text) ? 2 * text.length : text.length;
}
