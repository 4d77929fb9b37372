/** What this isolate knows of vector stores. It is asked anew at each search, and told what has changed since. */
import { MemoryCache } from "../runtime/memory-cache.ts";
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

/** Asks the store's object. */
export type AskView = (known: KnownView | null) => Promise<StoreView | "same" | "expired" | undefined>;

/** Bytes of snapshots that are kept. Two of the largest fit, see `MAX_OPEN_ROWS`. */
const ROOM = 12_000_000;
/** Rough cost of a segment's reference, and of an attribute beside its characters. */
const REF_BYTES = 400;
const ATTRIBUTE_BYTES = 48;

export class StoreViews {
  readonly #known = new MemoryCache<StoreSnapshot>(ROOM, sizeOf);

  /** The store as it is now. */
  async now(name: string, ask: AskView): Promise<StoreSnapshot | "expired" | undefined> {
    const known = this.#known.get(name);
    const view = await ask(
      known === undefined ? null : { version: known.version, number: highestNumber(known.open) },
    );
    if (view === "same" && known !== undefined) return known;
    if (view === undefined || typeof view === "string") {
      this.#known.delete(name);
      return view === "same" ? undefined : view;
    }
    const { version, model, width, segments } = view;
    const open = mergedPages(known?.open ?? [], view.added, view.live, width);
    const snapshot = { version, model, width, segments, open };
    // Another search may have been told of a later change meanwhile.
    if ((this.#known.get(name)?.version ?? 0) < version) this.#known.set(name, snapshot);
    return snapshot;
  }
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
      sum + ATTRIBUTE_BYTES + 2 * key.length + (typeof value === "string" ? 2 * value.length : 0),
    0,
  );
}
