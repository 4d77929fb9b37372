/** A request that holds or waits for room. A timer gives its signs of life, and others may take its room away. */
import { SignOfLife } from "./sign-of-life.ts";

/** A waiting request that has not polled for this long was ended. */
const WAITING_EXPIRY_MS = 1_000;
/** How long a request that has lost its room may take to give it back. */
const LEAVING_MS = 1_000;

export class RoomHolder {
  readonly #sign = new SignOfLife();
  readonly #heartbeat: ReturnType<typeof setInterval>;
  #lost: SignOfLife | undefined;

  /** @param heartbeat milliseconds between two signs of life */
  constructor(heartbeat: number) {
    this.#heartbeat = setInterval(() => this.#sign.renew(), heartbeat);
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** True if it has just lost its room, which its request is about to give back unless it has ended. */
  get isLeaving(): boolean {
    return this.#lost?.isOlderThan(LEAVING_MS) === false;
  }

  /** Takes its room away. Its request learns of that at its next check. */
  lose(): void {
    this.#lost ??= new SignOfLife();
  }

  /** True if it has given a sign of life lately; only of one that waits. */
  protected get isPolling(): boolean {
    return !this.#sign.isOlderThan(WAITING_EXPIRY_MS);
  }

  protected isSilentFor(milliseconds: number): boolean {
    return this.#sign.isOlderThan(milliseconds);
  }

  protected giveSign(): void {
    this.#sign.renew();
  }

  protected endSigns(): void {
    clearInterval(this.#heartbeat);
  }
}
