/** Stores `claims/<id>/<revision>`: which consumer computes a set for a revision. `build-claim.ts` explains claims. */
import { isBusy } from "../../runtime/r2.ts";
import { jsonBytes, type ChecksummedObjects } from "../checksummed-objects.ts";

/** Times in milliseconds since 1970. */
export interface Claim {
  turn: string;
  /** The turn that follows. */
  next: string;
  /** The consumer that holds the turn; empty if none does. */
  holder: string;
  /** End of the holder's lease. Until then the holder counts as alive. */
  busyUntil: number;
  /** Until this time the chain counts as running. */
  aliveUntil: number;
}

export class ClaimStore {
  readonly #objects: ChecksummedObjects;

  constructor(objects: ChecksummedObjects) {
    this.#objects = objects;
  }

  /** The claim, and its version for `put`. A damaged claim counts as missing. */
  async get(id: string, revision: string): Promise<{ claim?: Claim; etag?: string }> {
    const object = await this.#objects.get(keyOf(id, revision));
    if (object === undefined) return {};
    const { bytes, etag } = object;
    return bytes === undefined
      ? { etag }
      : { claim: JSON.parse(new TextDecoder().decode(bytes)) as Claim, etag };
  }

  /**
   * @param etag version of the claim to replace; undefined if there was none
   * @returns the new version; undefined if another writer was faster and nothing was written
   */
  async put(
    id: string,
    revision: string,
    claim: Claim,
    etag: string | undefined,
  ): Promise<string | undefined> {
    const onlyIf = etag === undefined ? { etagDoesNotMatch: "*" } : { etagMatches: etag };
    try {
      return await this.#objects.put(keyOf(id, revision), jsonBytes(claim), { onlyIf });
    } catch (error) {
      if (isBusy(error)) return undefined;
      throw error;
    }
  }

  async remove(id: string, revision: string): Promise<void> {
    await this.#objects.bucket.delete(keyOf(id, revision));
  }
}

function keyOf(id: string, revision: string): string {
  return `claims/${id}/${revision}`;
}
