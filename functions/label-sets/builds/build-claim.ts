/**
 * Makes sure that only one chain of messages computes a label set for a model revision, even if many requests ask for
 * the set.
 *
 * The claim is an object in R2 that is changed only by conditional writes. It names the current turn and the next turn.
 * Each message of the queue carries a turn. The consumer that receives the message takes the turn, computes a part and
 * sends a message with the next turn. A message with any other turn is dropped: it comes from a duplicate delivery or
 * from an abandoned chain.
 *
 * A dead consumer sends no notice. So a turn is held for `WORK_LEASE_MS` and renewed while the work shows signs of
 * life. When the lease has run out, the same turn may be taken again. If no turn is taken for another `IDLE_MS`, the
 * chain has lost its message, and the next request for the set sends it again.
 */
import { warn } from "../../runtime/warn.ts";
import { RENEW_AFTER_MS, WORK_LEASE_MS } from "../../runtime/background-work.ts";
import type { Claim } from "./claim-store.ts";
import type { SetStore } from "../set-store.ts";

/** How long a message may wait in the queue before a request for the set sends another one. */
const IDLE_MS = 120_000;
/**
 * Longer than any valid claim: a lease, the longest delay before another attempt (10 minutes) and the time in the
 * queue. A claim that lasts longer was written with a wrong clock. It is ignored, because it would block the set for
 * that long.
 */
const LONGEST_MS = 20 * 60_000;
/** Delay of a message that met another message's write. */
const CONTENDED_MS = 5_000;

function lasts(until: number, now: number): boolean {
  return until > now && until <= now + LONGEST_MS;
}

/** True if a chain computes the set now, or is about to go on. */
export async function isBeingBuilt(store: SetStore, id: string, revision: string): Promise<boolean> {
  const { claim } = await store.claims.get(id, revision);
  return claim !== undefined && lasts(claim.aliveUntil, Date.now());
}

/**
 * Begins a chain, or resumes one that has stopped.
 * @param open called before it begins; what it throws leaves all as it is
 * @returns the turn to send; undefined if the chain is running
 */
export async function beginChain(
  store: SetStore,
  id: string,
  revision: string,
  open: () => Promise<void> = async () => {},
): Promise<string | undefined> {
  const { claim, etag } = await store.claims.get(id, revision);
  if (claim !== undefined && lasts(claim.aliveUntil, Date.now())) return undefined;
  await open();
  const now = Date.now();
  // Keep the turns as they were, so that a message that was only late does no harm.
  const { turn, next } = claim ?? { turn: crypto.randomUUID(), next: crypto.randomUUID() };
  const begun = { turn, next, holder: "", busyUntil: 0, aliveUntil: now + IDLE_MS };
  return (await store.claims.put(id, revision, begun, etag)) === undefined ? undefined : turn;
}

/** Lets the next request begin the chain, because the message could not be sent. */
export async function abandonChain(store: SetStore, id: string, revision: string): Promise<void> {
  const { claim, etag } = await store.claims.get(id, revision);
  if (claim !== undefined) await store.claims.put(id, revision, { ...claim, aliveUntil: 0 }, etag);
}

/** Why a turn was not given: it is over, or it may be tried again after some milliseconds. */
export type Refusal = "over" | { waitMs: number };

export interface TakeOptions {
  /** True if a turn that the claim does not name may begin a chain, provided that the old chain has stopped. */
  mayBegin?: boolean;
  /** The turn that follows, if this turn begins a chain. */
  next?: string;
}

/** Looks whether a turn would be given, without taking it. @returns why not */
export async function refusedTurn(
  store: SetStore,
  id: string,
  revision: string,
  turn: string,
  { mayBegin = false }: TakeOptions = {},
): Promise<Refusal | undefined> {
  const { claim } = await store.claims.get(id, revision);
  return refusal(claim, turn, mayBegin);
}

export async function takeTurn(
  store: SetStore,
  id: string,
  revision: string,
  turn: string,
  { mayBegin = false, next = crypto.randomUUID() }: TakeOptions = {},
): Promise<Turn | Refusal> {
  const { claim, etag } = await store.claims.get(id, revision);
  const refused = refusal(claim, turn, mayBegin);
  if (refused !== undefined) return refused;
  const following = claim !== undefined && isPresent(claim, turn) ? claim.next : next;
  const held = new Turn(store, id, revision, { turn, next: following });
  return (await held.write(WORK_LEASE_MS, etag)) ? held : { waitMs: CONTENDED_MS };
}

function refusal(claim: Claim | undefined, turn: string, mayBegin: boolean): Refusal | undefined {
  // A claim that is missing was removed at the end of its chain, or with a set that has since been created again.
  if (claim === undefined) return undefined;
  const now = Date.now();
  if (isPresent(claim, turn))
    return lasts(claim.busyUntil, now) ? { waitMs: claim.busyUntil - now } : undefined;
  if (turn === claim.next) return undefined;
  return !mayBegin || lasts(claim.aliveUntil, now) ? "over" : undefined;
}

/** Whether the turn was taken before, and the next one was not. */
function isPresent({ turn: present, next }: Claim, turn: string): boolean {
  return turn === present && turn !== next;
}

/** A turn that this consumer holds. */
export class Turn {
  readonly next: string;
  /** True if another consumer took the turn over or the set was deleted: the result is then not needed. */
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
   * Call it at every sign of life. If a renewal fails, the next call tries again.
   * @returns false once the turn is lost
   */
  async renew(): Promise<boolean> {
    if (!this.isLost && !this.#isWriting && Date.now() - this.#writtenAt > RENEW_AFTER_MS) {
      await this.write(WORK_LEASE_MS, this.#etag).catch((error: unknown) => warn("claim not renewed", error));
    }
    return !this.isLost;
  }

  /** True if R2 accepted a write of this claim less than a second ago, so it may refuse another now. */
  get isFresh(): boolean {
    return Date.now() - this.#writtenAt < 1000;
  }

  /** Gives the turn back, to be taken again after some milliseconds. */
  async release(againInMs: number): Promise<void> {
    if (!this.isLost) await this.write(0, this.#etag, againInMs);
  }

  /** Gives the turn back for good: the next request for the set begins the chain. */
  async giveUp(): Promise<void> {
    // R2 would refuse the write, and the claim would last.
    if (this.isFresh) await scheduler.wait(1_000);
    if (!this.isLost) await this.write(0, this.#etag, -IDLE_MS);
  }

  /** Removes the claim, because every part is computed. */
  async end(): Promise<void> {
    if (!this.isLost) await this.#store.claims.remove(this.#id, this.#revision);
  }

  /** @returns true if the turn belongs to this holder, after the write or before it */
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

  /**
   * The version of this holder's own write whose answer came too late; undefined if the claim belongs to another
   * holder.
   */
  async #ownEtag(): Promise<string | undefined> {
    const { claim, etag } = await this.#store.claims.get(this.#id, this.#revision);
    return claim?.holder === this.#holder ? etag : undefined;
  }
}
