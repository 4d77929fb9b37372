/**
 * Room for rows of the token table, which all requests of the isolate share. A request reads the rows of some of its
 * texts, computes these, and lets the rows go. How many texts that are depends on the room that is free, so no request
 * waits for another: each may always hold the rows of one text, and beyond that half of what is free.
 */
import { SignOfLife } from "../runtime/sharing/sign-of-life.ts";

/** Milliseconds without a sign of life after which a request holds nothing any more, see `sign-of-life.ts`. */
const EXPIRY_MS = 20_000;

export class RowRoom {
  /** Bytes that every request may hold. */
  readonly #each: number;
  /** Bytes for what requests hold beyond that. */
  readonly #shared: number;
  /** What each request holds of them. */
  readonly #taken = new Map<SignOfLife, number>();

  /**
   * @param bytes all the room
   * @param requests that the isolate takes on
   * @param each bytes that every one of them may hold, whatever the others do
   */
  constructor(bytes: number, requests: number, each: number) {
    this.#each = each;
    this.#shared = Math.max(0, bytes - requests * each);
  }

  /** Bytes that the request may hold now, if it holds nothing. */
  mostFor(request: SignOfLife): number {
    let free = this.#shared;
    for (const [other, bytes] of this.#taken) {
      if (other.isOlderThan(EXPIRY_MS)) this.#taken.delete(other);
      else if (other !== request) free -= bytes;
    }
    return this.#each + Math.floor(Math.max(0, free) / 2);
  }

  /** @param bytes that the request holds from now on */
  take(request: SignOfLife, bytes: number): void {
    if (bytes > this.#each) this.#taken.set(request, bytes - this.#each);
    else this.#taken.delete(request);
  }
}
