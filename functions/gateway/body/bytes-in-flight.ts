/**
 * A bound on the bytes of bodies that the isolate holds at once. Room is taken as bytes arrive, so a client holds what it
 * has sent and not what it has announced; the rest stays with it, since a connection that is not read holds it back.
 *
 * - Small bodies have room of their own: they never wait for large ones.
 * - Of large ones, who came first is served first, and room is given only if every body that has begun could still be
 *   finished with what is left (the banker's algorithm, Dijkstra 1965): else two half-read bodies would wait for each
 *   other.
 * - Those of many megabytes leave a reserve that only lesser ones may take: a body that is answered holds its room for as
 *   long as a tower works, and whoever waits behind it with half a body holds the rest.
 * - When others wait, a client that sends too slowly loses its room.
 *
 * Waiting is by polling, and each share shows by a timer that its request lives: `runtime/sign-of-life.ts` says why.
 */
import { ServiceError } from "../../runtime/errors.ts";
import { SignOfLife } from "../../runtime/sign-of-life.ts";

const POLL_MS = 10;
/** A waiting request that has not looked for so long is gone. */
const WAITING_EXPIRY_MS = 1_000;
const HEARTBEAT_MS = 5_000;
/** Several heartbeats: a parse of many megabytes holds them up. */
const SHARE_EXPIRY_MS = 30_000;
/** How long a client is kept waiting before it is told to come back. */
const PATIENCE_MS = 20_000;
/** What a body holds that has hardly begun: its request's objects. Bytes. */
const LEAST_BYTES = 4_096;
/** Bodies up to so many bytes are small. */
const SMALL_BYTES = 131_072;
/** Large ones take room in steps of so many bytes, since bodies come in pieces of a few thousand. */
const STEP_BYTES = 1_000_000;
/** Bodies up to so many bytes may also have the reserve. */
const MEDIUM_BYTES = 4_000_000;
/** How often a request looks whether its client has sent something, or its room has been given to another. */
export const LOOK_MS = 50;
/**
 * A client is slow when it has sent less than this for `SLACK_MS`. Bytes a second: a piece of 4 kB, as workerd hands them
 * out, makes up for one look. So a client that is ahead of a busy isolate never counts as slow.
 */
const LEAST_RATE = 4_096 / (LOOK_MS / 1000);
const SLACK_MS = 3_000;

type Lane = "small" | "large";

/** What one body holds. */
export class Share {
  readonly #room: BytesInFlight;
  readonly #request = new SignOfLife();
  readonly #heartbeat: ReturnType<typeof setInterval>;
  #most: number;
  #held = LEAST_BYTES;
  #wanted = 0;
  /** When it last looked for what its client sends; undefined while it does not wait for that. */
  #lookedAt: number | undefined;
  /** Milliseconds that the client may still be silent before it counts as slow. */
  #slack = SLACK_MS;
  #waited = 0;
  #isLost = false;

  /** @param most bytes that it will hold, as far as is known */
  constructor(room: BytesInFlight, most: number) {
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

  /** Bytes that it will need yet, once it has these; none of one that will lose its room, should somebody need that. */
  missing(bytes: number): number {
    return this.#isLost || this.isSlow() ? 0 : Math.max(0, this.#most - bytes);
  }

  /** Bytes that it will hold when all has come, as far as is known. */
  get atLast(): number {
    return Math.max(this.#most, this.after);
  }

  /** Milliseconds that its client was waited for, as far as the isolate was free to look. */
  get waited(): number {
    return this.#waited;
  }

  /** For room, and still asking for it. */
  get isWaiting(): boolean {
    return this.#wanted > 0 && !this.#request.isOlderThan(WAITING_EXPIRY_MS);
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** The lane that it is in or wants to be in. */
  get lane(): Lane {
    return this.after > SMALL_BYTES ? "large" : "small";
  }

  isAlive(): boolean {
    return !this.#request.isOlderThan(SHARE_EXPIRY_MS);
  }

  isSlow(): boolean {
    return this.#lookedAt !== undefined && this.#slack <= 0;
  }

  /** Its request is told when it next looks. */
  lose(): void {
    this.#isLost = true;
  }

  /**
   * Waits until it may hold so many bytes, or somewhat more.
   * @param most bytes that it will hold, as far as is known by now
   * @throws ServiceError `overloaded`
   */
  async growTo(bytes: number, most = this.#most): Promise<void> {
    this.#most = most;
    if (bytes <= this.#held) return;
    const step = bytes > SMALL_BYTES ? Math.min(this.#most, this.#held + STEP_BYTES) : 0;
    this.#wanted = Math.max(bytes, step) - this.#held;
    this.#request.renew();
    const deadline = Date.now() + PATIENCE_MS;
    try {
      while (!this.#room.isFree(this)) {
        this.assertKept();
        if (Date.now() > deadline) {
          throw new ServiceError("overloaded", "too many large requests at once; try again");
        }
        this.#room.reclaim(this);
        await scheduler.wait(POLL_MS);
        this.#request.renew();
      }
      this.#held += this.#wanted;
    } finally {
      this.#wanted = 0;
    }
  }

  /** Gives back what is more than so many bytes. */
  shrinkTo(bytes: number): void {
    this.#held = Math.max(LEAST_BYTES, Math.min(this.#held, bytes));
  }

  /** All has come: it holds so many bytes, and will not hold more. */
  complete(bytes: number): void {
    this.shrinkTo(bytes);
    this.#most = this.#held;
  }

  /** From now on it waits for its client. */
  expect(): void {
    this.#lookedAt = Date.now();
  }

  /** Nothing has come since it last looked. However long that was, the isolate may have been busy with another request. */
  foundNothing(): void {
    const now = Date.now();
    const waited = Math.min(LOOK_MS, now - (this.#lookedAt ?? now));
    this.#waited += waited;
    this.#slack = Math.max(0, this.#slack - waited);
    this.#lookedAt = now;
  }

  /** The client has sent so many bytes, or all that it had to send. */
  received(bytes: number): void {
    this.foundNothing();
    this.#slack = Math.min(SLACK_MS, this.#slack + (1000 * bytes) / LEAST_RATE);
    this.#lookedAt = undefined;
  }

  /** @throws ServiceError `overloaded` if somebody else has been given its room */
  assertKept(): void {
    if (!this.#isLost) return;
    const message = "others wait, and the request's body comes too slowly or is too large for now; try again";
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
  /** In the order in which they came. */
  readonly #shares = new Set<Share>();

  /**
   * @param limits bytes that all bodies of a lane hold together
   * @param reserve of the large lane's bytes, those that are for bodies of at most `MEDIUM_BYTES`
   */
  constructor(limits: Readonly<Record<Lane, number>>, reserve = 0) {
    this.#limits = limits;
    this.#reserve = reserve;
  }

  /**
   * A body's share, to be released when nothing of it is needed any more.
   * @param most bytes that it will hold, as far as is known
   */
  open(most: number): Share {
    const share = new Share(this, most);
    this.#shares.add(share);
    return share;
  }

  /** Whether a waiting share may have what it wants: there is room, and nobody who came before could have it. */
  isFree(wanting: Share): boolean {
    const inLane = this.#inLane(wanting);
    const before = wanting.lane === "small" ? [] : inLane.slice(0, inLane.indexOf(wanting));
    return (
      this.#hasRoom(wanting, inLane) &&
      !before.some((share) => share.isWaiting && !share.isLost && this.#hasRoom(share, inLane))
    );
  }

  /** Whether all of the lane could still be finished if a share had what it wants. */
  #hasRoom(wanting: Share, inLane: readonly Share[]): boolean {
    // By what it will hold at last: one that took of the reserve while it was small could not be finished without it.
    const isLargest = wanting.lane === "large" && wanting.atLast > MEDIUM_BYTES;
    let free = this.#limits[wanting.lane] - (isLargest ? this.#reserve : 0);
    const would = inLane.map((share) => {
      const held = share === wanting ? share.after : share.held;
      free -= held;
      return { held, missing: share.missing(held) };
    });
    if (wanting.lane === "small" || free < 0) return free >= 0;
    // Those that miss least finish first, and leave what they held to the next.
    for (const { held, missing } of would.toSorted((a, b) => a.missing - b.missing)) {
      if (missing > free) return false;
      free += held;
    }
    return true;
  }

  /** Takes room from one that is in the way of a waiting share: a slow one or, if all wait in vain, the last that came. */
  reclaim(waiting: Share): void {
    const inLane = this.#inLane(waiting);
    // One at a time: it may be enough.
    if (inLane.some(({ isLost }) => isLost)) return;
    const slow = inLane.filter((share) => share !== waiting && share.isSlow());
    const [largest] = slow.toSorted((a, b) => b.held - a.held);
    if (largest !== undefined) largest.lose();
    else if (inLane.every((share) => share.isWaiting && !this.isFree(share))) inLane.at(-1)?.lose();
  }

  remove(share: Share): void {
    this.#shares.delete(share);
  }

  /** All living shares of the lane that a share is in or wants to be in, in the order in which they came. */
  #inLane({ lane }: Share): Share[] {
    for (const share of this.#shares) if (!share.isAlive()) this.remove(share);
    return [...this.#shares].filter((share) => share.lane === lane);
  }
}

/**
 * Beside this, an isolate's 128 MB hold 42 MB of label sets, 22 MB of fetched files, 4 MB of text embeddings, and
 * JavaScript's own.
 */
export const BODY_ROOM = { small: 4_000_000, large: 40_000_000 } as const;
const RESERVE = 4_000_000;
/** The most that one body may take: more would never find room. */
export const MAX_BODY_MEMORY = BODY_ROOM.large - RESERVE;

/** All of the isolate's requests share it. */
export const bytesInFlight = new BytesInFlight(BODY_ROOM, RESERVE);
