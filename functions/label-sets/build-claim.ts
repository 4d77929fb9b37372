/**
 * One chain of work for a set and a model's revision, however many ask for it.
 *
 * The claim is an object in R2 that is only ever changed by conditional writes. It names the turn that is being taken and
 * the one that follows. Each message of the queue carries a turn; whoever gets the message takes the turn, computes a
 * part and sends the next turn. A message whose turn is neither of the two is left over from a delivery that came twice
 * or from a chain that was given up, and is dropped.
 *
 * Nobody is told when a consumer dies. So a turn is held for `LEASE_MS` and renewed while the work shows life; once that
 * has run out, the same turn may be taken again. If no turn at all has been taken for `IDLE_MS` longer, the chain has
 * lost its message, and the next to ask for the set sends it once more.
 */
import { warn } from "../runtime/warn.ts";
import type { Claim } from "./claim-store.ts";
import type { SetStore } from "./set-store.ts";

/** Longer than a tower may be silent, `DEADLINES.worker`. */
const LEASE_MS = 45_000;
/** R2 takes one write a second for a key. */
const RENEW_AFTER_MS = 10_000;
/** How long a message may lie in the queue before somebody who asks sends another. */
const IDLE_MS = 120_000;
/**
 * More than any claim is for: a lease, the longest wait for another attempt (10 minutes) and the time in the queue. What
 * lasts longer was written by a clock that was wrong, and would keep the set from being computed for as long.
 */
const LONGEST_MS = 20 * 60_000;
/** When a message is looked at again that met another one's write. */
const CONTENDED_MS = 5_000;

function lasts(until: number, now: number): boolean {
  return until > now && until <= now + LONGEST_MS;
}

/**
 * Begins a chain, or takes one up that has come to a halt.
 * @returns the turn that somebody has to be given; undefined if the chain is under way
 */
export async function beginChain(store: SetStore, id: string, revision: string): Promise<string | undefined> {
  const { claim, etag } = await store.claims.get(id, revision);
  const now = Date.now();
  if (claim !== undefined && lasts(claim.aliveUntil, now)) return undefined;
  // The same turns as before: a message that was only late does no harm then.
  const { turn, next } = claim ?? { turn: crypto.randomUUID(), next: crypto.randomUUID() };
  const begun = { turn, next, holder: "", busyUntil: 0, aliveUntil: now + IDLE_MS };
  return (await store.claims.put(id, revision, begun, etag)) === undefined ? undefined : turn;
}

/** Lets the next to ask begin, since the message could not be sent. */
export async function abandonChain(store: SetStore, id: string, revision: string): Promise<void> {
  const { claim, etag } = await store.claims.get(id, revision);
  if (claim !== undefined) await store.claims.put(id, revision, { ...claim, aliveUntil: 0 }, etag);
}

/** Why a turn was not given: it is over, or may come back after some milliseconds. */
export type Refusal = "over" | { waitMs: number };

export interface TakeOptions {
  /** Whether a turn that nobody knows may begin a chain where another has come to a halt. */
  mayBegin?: boolean;
  /** The turn that follows if this one is new. */
  next?: string;
}

export async function takeTurn(
  store: SetStore,
  id: string,
  revision: string,
  turn: string,
  { mayBegin = false, next = crypto.randomUUID() }: TakeOptions = {},
): Promise<Turn | Refusal> {
  const { claim, etag } = await store.claims.get(id, revision);
  const now = Date.now();
  let following = next;
  if (turn === claim?.turn && turn !== claim.next) {
    if (lasts(claim.busyUntil, now)) return { waitMs: claim.busyUntil - now };
    following = claim.next;
  } else if (turn !== claim?.next) {
    // A claim that has gone was removed with a set that has been made again since, or with a chain that came to its end.
    if (claim !== undefined && (!mayBegin || lasts(claim.aliveUntil, now))) return "over";
  }
  const held = new Turn(store, id, revision, { turn, next: following });
  return (await held.write(LEASE_MS, etag)) ? held : { waitMs: CONTENDED_MS };
}

/** A turn that somebody holds. */
export class Turn {
  readonly next: string;
  /** It was taken over, or the set is gone: whatever is still computed is for nobody. */
  isLost = false;
  readonly #store: SetStore;
  readonly #id: string;
  readonly #revision: string;
  readonly #turn: string;
  readonly #holder = crypto.randomUUID();
  #etag: string | undefined;
  #writtenAt = 0;
  #isWriting = false;

  constructor(store: SetStore, id: string, revision: string, { turn, next }: Pick<Claim, "turn" | "next">) {
    this.#store = store;
    this.#id = id;
    this.#revision = revision;
    this.#turn = turn;
    this.next = next;
  }

  /**
   * At every sign of life. A renewal that fails is tried again at the next.
   * @returns false once the turn is lost
   */
  async renew(): Promise<boolean> {
    if (!this.isLost && !this.#isWriting && Date.now() - this.#writtenAt > RENEW_AFTER_MS) {
      await this.write(LEASE_MS, this.#etag).catch((error: unknown) => warn("claim not renewed", error));
    }
    return !this.isLost;
  }

  /** Whether R2 took a write of this claim less than a second ago, and may refuse another. */
  get isFresh(): boolean {
    return Date.now() - this.#writtenAt < 1000;
  }

  /** Gives the turn back; it is expected to be taken again after some milliseconds. */
  async release(againInMs: number): Promise<void> {
    if (!this.isLost) await this.write(0, this.#etag, againInMs);
  }

  /** Everything is computed. */
  async end(): Promise<void> {
    if (!this.isLost) await this.#store.claims.remove(this.#id, this.#revision);
  }

  /** @returns whether it is still, or now, this one's turn */
  async write(leaseMs: number, etag: string | undefined, againInMs = 0): Promise<boolean> {
    this.#isWriting = true;
    try {
      const now = Date.now();
      const claim = {
        turn: this.#turn,
        next: this.next,
        holder: this.#holder,
        busyUntil: now + leaseMs,
        aliveUntil: now + leaseMs + againInMs + IDLE_MS,
      };
      this.#etag =
        (await this.#store.claims.put(this.#id, this.#revision, claim, etag)) ?? (await this.#ownEtag());
      this.isLost = this.#etag === undefined;
      this.#writtenAt = now;
      return !this.isLost;
    } finally {
      this.#isWriting = false;
    }
  }

  /** Of a write of this holder's whose answer came too late; undefined if the claim is another's. */
  async #ownEtag(): Promise<string | undefined> {
    const { claim, etag } = await this.#store.claims.get(this.#id, this.#revision);
    return claim?.holder === this.#holder ? etag : undefined;
  }
}
