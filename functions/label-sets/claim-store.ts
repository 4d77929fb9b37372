/** `claims/<id>/<revision>`: who computes a set for a revision. What claims are for, `build-claim.ts` says. */
import { jsonBytes, type SealedObjects } from "./sealed-objects.ts";

/** Times in milliseconds since 1970. */
export interface Claim {
  turn: string;
  /** The turn after it. */
  next: string;
  /** Who holds the turn; empty if nobody does. */
  holder: string;
  /** Until when whoever holds the turn is taken to be alive. */
  busyUntil: number;
  /** Until when the chain is taken to be under way. */
  aliveUntil: number;
}

export class ClaimStore {
  readonly #objects: SealedObjects;

  constructor(objects: SealedObjects) {
    this.#objects = objects;
  }

  /** The claim, and its version for `put`. A damaged claim is none. */
  async get(id: string, revision: string): Promise<{ claim?: Claim; etag?: string }> {
    const object = await this.#objects.get(keyOf(id, revision));
    if (object === undefined) return {};
    const { bytes, etag } = object;
    return bytes === undefined
      ? { etag }
      : { claim: JSON.parse(new TextDecoder().decode(bytes)) as Claim, etag };
  }

  /**
   * @param etag of the claim that it replaces; undefined if there was none
   * @returns its own; undefined if somebody else was faster, and nothing was written
   */
  async put(
    id: string,
    revision: string,
    claim: Claim,
    etag: string | undefined,
  ): Promise<string | undefined> {
    const onlyIf = etag === undefined ? { etagDoesNotMatch: "*" } : { etagMatches: etag };
    return await this.#objects.put(keyOf(id, revision), jsonBytes(claim), { onlyIf });
  }

  async remove(id: string, revision: string): Promise<void> {
    await this.#objects.bucket.delete(keyOf(id, revision));
  }
}

function keyOf(id: string, revision: string): string {
  return `claims/${id}/${revision}`;
}
