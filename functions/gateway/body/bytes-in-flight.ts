/**
 * Limits the bytes of request bodies that the isolate holds at once. A body takes room as its bytes arrive, so a client
 * is charged for what it has sent, not for what it announced. What is not read yet stays with the client, because the
 * connection holds it back.
 *
 * - Small bodies have separate room, so they never wait for large ones, unless templates make more than 2 MB of prompts
 * of one.
 *
 * - Large bodies are served in order of arrival, fetched pictures in that of `fair-order.ts`. A body gets room only if
 * every body that has begun could still be finished with what is left (the banker's algorithm, Dijkstra 1965).
 * Otherwise two half-read bodies would wait for each other.
 *
 * - Bodies of many megabytes must leave a reserve that only smaller ones may take. Without it, smaller bodies would
 * have to wait: an answered body holds its room as long as a tower works, and a half-read body behind it holds the
 * rest.
 *
 * - Lines of batches together get at most half of the room, because they hold it while their work waits in the
 * background. A line begins only if what it will hold in the end fits beside the others.
 *
 * - A client that sends too slowly loses its room if others wait.
 *
 * Waiting is by polling, and each share shows by a timer that its request is alive; `runtime/sharing/sign-of-life.ts` says why.
 */
import { MAX_LINE_MEMORY } from "../../batches/batch-limits.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { SignOfLife } from "../../runtime/sharing/sign-of-life.ts";
import { ClientPace } from "./client-pace.ts";
import { inFairOrder, largestOf } from "./fair-order.ts";

/** Time between two polls, at first and at most. Of a hundred that wait, each must take little time. */
const POLL_MS = { first: 10, most: 50 } as const;
/** A waiting request that has not polled for this long was ended. */
const WAITING_EXPIRY_MS = 1_000;
const HEARTBEAT_MS = 5_000;
/** Several heartbeats, because parsing many megabytes delays them. */
const SHARE_EXPIRY_MS = 30_000;
/**
 * How long a request waits before its client is told to try again, without the time in which the isolate was too busy
 * to poll: meanwhile it could not find out who is slow, either.
 */
const PATIENCE_MS = 20_000;
/** Bytes that a body holds at its start, for the objects of its request. */
const MIN_BYTES = 4_096;
/** What lines of batches may hold of a lane. */
const LINES_SHARE = 1 / 2;
/** Largest small body, bytes. */
const SMALL_BYTES = 131_072;
/** Large bodies take room in steps of this many bytes, because they arrive in pieces of a few thousand. */
const STEP_BYTES = 1_000_000;
/** Largest body that may use the reserve, bytes. */
const MEDIUM_BYTES = 4_000_000;
type Lane = "small" | "large";

/** The room of one body. */
export class Share {
  /** True for a line of a batch. */
  readonly isLine: boolean;
  readonly owner: string | undefined;
  /** How its client sends. */
  readonly pace = new ClientPace();
  readonly #room: BytesInFlight;
  readonly #request = new SignOfLife();
  readonly #heartbeat: ReturnType<typeof setInterval>;
  #most: number;
  #held = MIN_BYTES;
  #wanted = 0;
  #isLost = false;

  /** @param most bytes that it will hold, as far as is known */
  constructor(room: BytesInFlight, most: number, isLine: boolean, owner: string | undefined) {
    this.isLine = isLine;
    this.owner = owner;
    this.#room = room;
    this.#most = most;
    this.#heartbeat = setInterval(() => this.#request.renew(), HEARTBEAT_MS);
  }

  get held(): number {
    return this.#held;
  }

  get after(): number {
    return this.#held + this.#wanted;
  }

  /**
   * Bytes that it will still need once it has these. None if it is slow, because it loses its room when others need it.
   */
  missing(bytes: number): number {
    return this.#isLost || this.pace.isSlow ? 0 : Math.max(0, this.#most - bytes);
  }

  /** Bytes that it will hold once the body has arrived, as far as is known. */
  get atLast(): number {
    return Math.max(this.#most, this.after);
  }

  /** True if it waits for room and still polls. */
  get isWaiting(): boolean {
    return this.#wanted > 0 && !this.#request.isOlderThan(WAITING_EXPIRY_MS);
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** The lane that it is in or waits for. */
  get lane(): Lane {
    return this.after > SMALL_BYTES ? "large" : "small";
  }

  isAlive(): boolean {
    return !this.#request.isOlderThan(SHARE_EXPIRY_MS);
  }

  /** Takes its room away. Its request learns of that at its next check. */
  lose(): void {
    this.#isLost = true;
  }

  /**
   * Waits until it may hold this many bytes, or slightly more.
   * @param most bytes that it will hold, as far as is known now
   * @throws ServiceError `overloaded`
   */
  async growTo(bytes: number, most = this.#most): Promise<void> {
    this.#most = most;
    if (bytes <= this.#held) return;
    const step = bytes > SMALL_BYTES ? Math.min(this.#most, this.#held + STEP_BYTES) : 0;
    this.#wanted = Math.max(bytes, step) - this.#held;
    this.#request.renew();
    let [waited, poll] = [0, POLL_MS.first as number];
    try {
      while (!this.#room.isFree(this)) {
        this.assertKept();
        if (waited > PATIENCE_MS) {
          throw new ServiceError("overloaded", "too many large requests at once; try again");
        }
        this.#room.reclaim(this);
        await scheduler.wait(poll);
        this.#request.renew();
        waited += poll;
        poll = Math.min(2 * poll, POLL_MS.most);
      }
      this.#held += this.#wanted;
    } finally {
      this.#wanted = 0;
    }
  }

  /**
   * Waits until the request may hold so many more bytes beside those of its body, as far as any request may.
   * @returns how many it has got
   * @throws ServiceError `overloaded`
   */
  async growBy(bytes: number): Promise<number> {
    const before = this.#held;
    const most = this.isLine ? MAX_LINE_MEMORY : MAX_OTHER_MEMORY;
    const room = Math.max(before, Math.min(most, before + bytes));
    await this.growTo(room, room);
    return room - before;
  }

  /** Gives back the room above this many bytes. */
  shrinkTo(bytes: number): void {
    this.#held = Math.max(MIN_BYTES, Math.min(this.#held, bytes));
  }

  /** Call it when the whole body has arrived: from now on it holds this many bytes. */
  complete(bytes: number): void {
    this.shrinkTo(bytes);
    this.#most = this.#held;
  }

  /** @throws ServiceError `overloaded` if its room was given to another */
  assertKept(): void {
    if (!this.#isLost) return;
    const message =
      "others wait, and the request's body or picture comes too slowly or is too large for now; try again";
    throw new ServiceError("overloaded", message);
  }

  release(): void {
    clearInterval(this.#heartbeat);
    this.#room.remove(this);
  }
}

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

  /**
   * A new share for a body. Release it when nothing of the body is needed any more.
   * @param most bytes that it will hold, as far as is known
   * @param isLine true for a line of a batch
   * @param owner the client, in a room that clients share fairly
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
    // What is known of a line at first is a guess, which may be more than any line takes.
    const inTheEnd = ({ atLast, after }: Share): number => Math.max(after, Math.min(atLast, MAX_LINE_MEMORY));
    const begun = others.filter(({ held }) => held > SMALL_BYTES);
    const taken = begun.reduce((sum, share) => sum + inTheEnd(share), 0);
    return taken + inTheEnd(wanting) <= this.#limits.large * LINES_SHARE;
  }

  /**
   * Takes room from a share that blocks a waiting one: a slow one or, if all wait without progress, the last large one
   * or the small one that holds most. The latest small one may hold next to nothing: that of a request which came when
   * the room was full of others. A line takes it from lines only, and a slow one from none that is not.
   */
  reclaim(waiting: Share): void {
    const inLane = this.#inLane(waiting).filter(({ isLine }) => isLine || !waiting.isLine);
    // Take one at a time, because it may be enough.
    if (inLane.some(({ isLost }) => isLost)) return;
    const slow = inLane.filter(({ pace }) => pace.isSlow);
    const isStuck = (): boolean => inLane.every((share) => share.isWaiting && !this.isFree(share));
    if (slow.length > 0 && (!waiting.pace.isSlow || isStuck())) largestOf(slow)?.lose();
    else if (isStuck()) (waiting.lane === "large" ? inFairOrder(inLane).at(-1) : largestOf(inLane))?.lose();
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

/**
 * Room for bodies. The isolate's 128 MB must also hold 42 MB of label sets, 22 MB of fetched files, 11 MB of pixels, 4 MB
 * of text embeddings, and JavaScript's own memory.
 */
export const BODY_ROOM = { small: 4_000_000, large: 40_000_000 } as const;
const RESERVE = 4_000_000;
/** The most that one body may take. A larger one would never find room. */
export const MAX_BODY_MEMORY = BODY_ROOM.large - RESERVE;

/** The most that a request may take for what is not its body, so that hundreds may wait beside it. */
const MAX_OTHER_MEMORY = MAX_BODY_MEMORY - 250 * MIN_BYTES;

/** One instance for all requests of the isolate. */
export const bytesInFlight = new BytesInFlight(BODY_ROOM, RESERVE);
