/**
 * Limits the bytes of request bodies that the isolate holds at once. A body takes room as its bytes arrive, so a client
 * is charged for what it has sent, not for what it announced. What is not read yet stays with the client, because the
 * connection holds it back.
 *
 * - Small bodies have separate room, so they never wait for large ones, unless templates make more than 2 MB of prompts
 * of one.
 *
 * - Large bodies are served in the order of `fair-order.ts`. A body gets room only if every body that has begun could
 * still be finished with what is left (the banker's algorithm, Dijkstra 1965). Otherwise two half-read bodies would wait
 * for each other.
 *
 * - Bodies of many megabytes must leave a reserve that only smaller ones may take. Without it, smaller bodies would
 * have to wait: an answered body holds its room as long as a tower works, and a half-read body behind it holds the
 * rest.
 *
 * - Lines of batches together get at most half of the room, because they hold it while their work waits in the
 * background. A line begins only if what it will hold in the end fits beside the others.
 *
 * - A client that sends too slowly loses its room if others wait, and one that reads its answer too slowly if they wait
 * for seconds.
 *
 * Each body has a share (`body-share.ts`), which waits by polling.
 */
import { MAX_LINE_MEMORY } from "../../batches/batch-limits.ts";
import { type Lane, MIN_BYTES, Share, SMALL_BYTES } from "./body-share.ts";
import { inFairOrder, largestOf } from "./fair-order.ts";

/** What lines of batches may hold of a lane. */
const LINES_SHARE = 1 / 2;
/** Largest body that may use the reserve, bytes. */
const MEDIUM_BYTES = 4_000_000;
/** How long others wait before an answer that has begun is broken off, milliseconds. */
const BREAK_OFF_AFTER_MS = 5_000;

export class BytesInFlight {
  readonly #limits: Readonly<Record<Lane, number>>;
  readonly #reserve: number;
  /** All shares, in order of arrival. */
  readonly #shares = new Set<Share>();

  /**
   * @param limits bytes that all bodies of a lane may hold together
   * @param reserve bytes of the large lane that only bodies of at most `MEDIUM_BYTES` may use
   */
  constructor(limits: Readonly<Record<Lane, number>>, reserve = 0) {
    this.#limits = limits;
    this.#reserve = reserve;
  }

  /** The most that a share may ever hold, bytes. */
  mostOf({ isLine }: Share): number {
    const { large } = this.#limits;
    return Math.min(large - this.#reserve, isLine ? large * LINES_SHARE : Infinity);
  }

  /** Bytes that a request may hold for what is not its body, so that hundreds may wait beside it. */
  get mostBeside(): number {
    return this.#limits.large - this.#reserve - 250 * MIN_BYTES;
  }

  /**
   * A new share for a body. Release it when nothing of the body is needed any more.
   * @param most bytes that it will hold, as far as is known
   * @param isLine true for a line of a batch
   * @param owner the client
   */
  open(most: number, isLine = false, owner?: string): Share {
    const share = new Share(this, most, isLine, owner);
    this.#shares.add(share);
    return share;
  }

  /** True if a waiting share may have the room it wants: there is room, and none that comes before it could use it. */
  isFree(wanting: Share): boolean {
    const inLane = this.#inLane(wanting);
    const order = wanting.lane === "small" ? [] : inFairOrder(inLane);
    const before = order.slice(0, Math.max(0, order.indexOf(wanting)));
    return (
      this.#hasRoom(wanting, inLane) &&
      !before.some((share) => share.isWaiting && !share.isLost && this.#hasRoom(share, inLane))
    );
  }

  /** True if all bodies of the lane could still be finished after this share got the room it wants. */
  #hasRoom(wanting: Share, inLane: readonly Share[]): boolean {
    if (wanting.isLine && !this.#isWithinLines(wanting, inLane)) return false;
    // Use what it will hold in the end: if it used the reserve while it was small, it could not be finished without it.
    const isLargest = wanting.lane === "large" && wanting.atLast > MEDIUM_BYTES;
    let free = this.#limits[wanting.lane] - (isLargest ? this.#reserve : 0);
    const would = inLane.map((share) => {
      const held = share === wanting ? share.after : share.held;
      free -= held;
      return { held, missing: share.missing(held) };
    });
    if (wanting.lane === "small" || free < 0) return free >= 0;
    // Finish bodies in order of what they still need, the least first. Each leaves its room to the next.
    for (const { held, missing } of would.toSorted((a, b) => a.missing - b.missing)) {
      if (missing > free) return false;
      free += held;
    }
    return true;
  }

  /** True if a line may have the room it wants beside other lines. */
  #isWithinLines(wanting: Share, inLane: readonly Share[]): boolean {
    const others = inLane.filter((share) => share.isLine && share !== wanting);
    if (wanting.lane === "small") {
      const held = others.reduce((sum, share) => sum + share.held, 0);
      return held + wanting.after <= this.#limits.small * LINES_SHARE;
    }
    const begun = others.filter(({ held }) => held > SMALL_BYTES);
    const taken = begun.reduce((sum, share) => sum + inTheEnd(share), 0);
    return taken + inTheEnd(wanting) <= this.#limits.large * LINES_SHARE;
  }

  /**
   * Takes room from a share that blocks a waiting one: a slow one or, if all wait without progress, the last large one
   * or the small one that holds most. The latest small one may hold next to nothing: that of a request which came when
   * the room was full of others. A line takes it from lines only, and a slow one from none that is not.
   */
  reclaim(waiting: Share, waited: number): void {
    const all = this.#inLane(waiting).filter(({ isLine }) => isLine || !waiting.isLine);
    // Take one at a time, because it may be enough.
    if (all.some(({ isLeaving }) => isLeaving)) return;
    const inLane = all.filter(({ isLost }) => !isLost);
    const slow = this.#slowOf(inLane, waiting, waited);
    const isStuck = (): boolean => inLane.every((share) => share.isWaiting && !this.isFree(share));
    if (slow.length > 0 && (!waiting.pace.isSlow || isStuck())) largestOf(slow)?.lose();
    else if (isStuck()) (waiting.lane === "large" ? inFairOrder(inLane).at(-1) : largestOf(inLane))?.lose();
  }

  /** Slow ones that may lose their room. Those that read answers may only if others have waited for long and it helps. */
  #slowOf(inLane: readonly Share[], waiting: Share, waited: number): Share[] {
    const slow = inLane.filter(({ pace }) => pace.isSlow);
    const senders = slow.filter(({ isAnswered }) => !isAnswered);
    if (senders.length > 0 || waited < BREAK_OFF_AFTER_MS) return senders;
    const readers = new Set(slow);
    const others = this.#inLane(waiting).filter((share) => !readers.has(share));
    return this.#hasRoom(waiting, others) ? slow : [];
  }

  remove(share: Share): void {
    this.#shares.delete(share);
  }

  /** All living shares of the same lane, held or wanted, in order of arrival. */
  #inLane({ lane }: Share): Share[] {
    for (const share of this.#shares) if (!share.isAlive()) this.remove(share);
    return [...this.#shares].filter((share) => share.lane === lane);
  }
}

/** Bytes that a line will hold. What is known of it at first is a guess, which may be more than any line takes. */
function inTheEnd({ atLast, after }: Share): number {
  return Math.max(after, Math.min(atLast, MAX_LINE_MEMORY));
}

/**
 * Room for bodies. The isolate's 128 MB must also hold 42 MB of label sets, 22 MB of fetched files, 11 MB of pixels, 4 MB
 * of text embeddings, and JavaScript's own memory.
 */
export const BODY_ROOM = { small: 4_000_000, large: 40_000_000 } as const;
const RESERVE = 4_000_000;
/** The most that one body may take. A larger one would never find room. */
export const MAX_BODY_MEMORY = BODY_ROOM.large - RESERVE;

/** One instance for all requests of the isolate. */
export const bytesInFlight = new BytesInFlight(BODY_ROOM, RESERVE);
