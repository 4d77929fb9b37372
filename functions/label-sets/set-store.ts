/**
 * Label sets in R2. R2 is consistent: a write or a deletion is visible to everyone at once.
 *
 * `accounts/<account>/<id>` is the set's entry in lists, `definitions/<id>` the set itself,
 * `vectors/<id>/<revision>/<format>` its packed embeddings, `examples/<id>/<revision>` vectors of its examples. While
 * the embeddings are being computed there are also `parts/<id>/…`, `plans/<id>/…` and `claims/<id>/…`.
 */
import { jsonInSteps } from "../json/json-in-steps.ts";
import { accountPath } from "../runtime/account-marks.ts";
import type { Pauses } from "../runtime/sharing/pauses.ts";
import { bodyOf } from "./answering-bucket.ts";
import { ClaimStore } from "./builds/claim-store.ts";
import type { ChosenAdapter } from "../adapter/choose-adapter.ts";
import { ExampleStore } from "./example-store.ts";
import { isLabelSetId, type LabelSetDefinition } from "./definition.ts";
import { MATRIX_FORMAT } from "./label-matrix.ts";
import { PartStore } from "./builds/part-store.ts";
import { PlanStore } from "./builds/plan-store.ts";
import { type Hold, jsonBytes, ChecksummedObjects } from "./checksummed-objects.ts";

/** Summaries read at the same time. The platform lets at most six requests wait for headers. */
const READS = 6;

/** How often the list is read for a page, if sets of it are deleted meanwhile. */
const PAGE_READS = 8;

/** A set's entry in lists. */
export interface LabelSetSummary {
  id: string;
  account: string;
  /** Its title. Called so because it was the name before names led to sets. */
  name: string | null;
  labels: number;
  /** Number of examples; absent if there are none. */
  examples?: number;
  prompts: number;
  templates: readonly string[];
  /** Seconds since 1970. */
  created_at: number;
  /** Of the model that it was first stored with; absent if an earlier release stored it. */
  revision?: string;
}

/** A set's embeddings for a model revision. */
export interface ReadySet {
  /** Their length, packed. */
  bytes: number;
  /** What was chosen for its examples; absent for a set without examples. */
  adapter?: ChosenAdapter;
}

/**
 * False for embeddings of the texts alone of a set that has examples: a release that knows no examples has computed them.
 */
export function isComplete(ready: ReadySet | undefined, isTaught: boolean): ready is ReadySet {
  return ready !== undefined && (!isTaught || ready.adapter !== undefined);
}

/**
 * Every method throws ServiceError `model_unavailable` if R2 does not answer or the bytes are damaged. The methods do
 * not ask R2 about an id that no set can have, because it may be too long for an R2 key.
 */
export class SetStore {
  readonly claims: ClaimStore;
  readonly plans: PlanStore;
  readonly parts: PartStore;
  readonly examples: ExampleStore;
  readonly #objects: ChecksummedObjects;
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#objects = new ChecksummedObjects(bucket);
    this.#bucket = this.#objects.bucket;
    this.claims = new ClaimStore(this.#objects);
    this.plans = new PlanStore(this.#objects);
    this.parts = new PartStore(this.#objects);
    this.examples = new ExampleStore(this.#objects);
  }

  async summary(account: string, id: string): Promise<LabelSetSummary | undefined> {
    return isLabelSetId(id) ? await this.#objects.original(summaryKey(account, id)) : undefined;
  }

  async exists(account: string, id: string): Promise<boolean> {
    return isLabelSetId(id) && (await this.#bucket.head(summaryKey(account, id))) !== null;
  }

  /**
   * @param after id of the last set on the page before
   * @param hold gets the length of all summaries before they are read: each may have 100 templates
   */
  async list(
    account: string,
    limit: number,
    after: string | undefined,
    hold?: Hold,
  ): Promise<{ sets: LabelSetSummary[]; hasMore: boolean }> {
    const prefix = summaryKey(account, "");
    const sets: LabelSetSummary[] = [];
    let startAfter = after === undefined ? undefined : prefix + after;
    for (let left = PAGE_READS; ; left--) {
      const page = { prefix, limit: limit - sets.length };
      const { objects, truncated } = await this.#bucket.list(
        startAfter === undefined ? page : { ...page, startAfter },
      );
      await hold?.(objects.reduce((sum, { size }) => sum + size, 0));
      const ids = objects.map(({ key }) => key.slice(prefix.length));
      for (let first = 0; first < ids.length; first += READS) {
        const some = ids.slice(first, first + READS);
        const read = await Promise.all(some.map((id) => this.summary(account, id)));
        // A set may have been deleted since the page was listed. Clients end at a page without entries.
        for (const set of read) if (set !== undefined) sets.push(set);
      }
      startAfter = objects.at(-1)?.key ?? startAfter;
      if (!truncated || sets.length >= limit || left === 1) return { sets, hasMore: truncated };
    }
  }

  /** @param most 1,000 at the most @returns whether the account has so many sets */
  async hasAsMany(account: string, most: number): Promise<boolean> {
    let count = 0;
    for (let cursor: string | undefined; ;) {
      const options = { prefix: summaryKey(account, ""), limit: most - count };
      const listed = await this.#bucket.list(cursor === undefined ? options : { ...options, cursor });
      count += listed.objects.length;
      if (count >= most) return true;
      if (!listed.truncated) return false;
      ({ cursor } = listed);
    }
  }

  /**
   * Sets of all accounts.
   * @param after `next` of the answer before
   * @returns their keys, accounts and ids; `next` is null after the last one
   */
  async listAll(
    limit: number,
    after: string | null | undefined,
  ): Promise<{ ids: { key: string; account: string; id: string }[]; next: string | null }> {
    const options = after == null || after === "" ? {} : { startAfter: after };
    const { objects, truncated } = await this.#bucket.list({ prefix: "accounts/", limit, ...options });
    const ids = objects.map(({ key }) => {
      const [, account = "", id = ""] = key.split("/");
      return { key, account: decodeURIComponent(account), id };
    });
    return { ids, next: truncated ? (ids.at(-1)?.key ?? null) : null };
  }

  /**
   * Writes nothing of what is there: a set's id names its content.
   * @param pauses needed because the definition may be as large as a request's body
   * @returns true if the set is new
   */
  async create(summary: LabelSetSummary, definition: LabelSetDefinition, pauses?: Pauses): Promise<boolean> {
    const { account, id } = summary;
    const key = `definitions/${id}`;
    // A deletion that failed may have left the entry alone.
    const [isListed, isDefined] = await Promise.all([this.exists(account, id), this.#objects.has(key)]);
    if (isListed && isDefined) return false;
    // Write the definition first, so that every listed set is complete.
    if (!isDefined) await this.#objects.putOnce(key, await jsonInSteps(definition, pauses));
    return await this.#objects.putOnce(summaryKey(account, id), jsonBytes(summary));
  }

  /** @param hold gets the definition's length before it is read: it may be as large as a request's body */
  async definition(id: string, hold?: Hold): Promise<LabelSetDefinition | undefined> {
    return isLabelSetId(id) ? await this.#objects.original(`definitions/${id}`, hold) : undefined;
  }

  /** The JSON of the definition. @param hold as for `definition` */
  async definitionJson(id: string, hold: Hold): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return isLabelSetId(id) ? await this.#objects.originalBytes(`definitions/${id}`, hold) : undefined;
  }

  /** The set exists until the end, so that a deletion that failed can be repeated. */
  async remove(account: string, id: string): Promise<void> {
    await this.#removeComputed(id);
    await this.#bucket.delete(`definitions/${id}`);
    await this.#bucket.delete(summaryKey(account, id));
  }

  /**
   * Deletes what was written of a set after its deletion. If it has been stored again, what is there stays: the vectors of
   * its examples cannot be made again.
   */
  async removeLeft(account: string, id: string): Promise<void> {
    await this.#removeComputed(id, async () => !(await this.exists(account, id)));
  }

  /** Deletes everything that belongs to a set's definition. @param mayRemove asked right before each deletion */
  async #removeComputed(id: string, mayRemove?: () => Promise<boolean>): Promise<void> {
    for (const kind of ["claims", "vectors", "parts", "plans", "examples"])
      await this.#objects.removeAll(`${kind}/${id}/`, mayRemove);
  }

  /** What is known of the packed embeddings without reading them; undefined if there are none. See `isComplete`. */
  async ready(id: string, revision: string): Promise<ReadySet | undefined> {
    const object = await this.#bucket.head(vectorsPath(id, revision));
    if (object === null) return undefined;
    const adapter = object.customMetadata?.["adapter"];
    return {
      bytes: object.size,
      ...(adapter === undefined ? {} : { adapter: JSON.parse(adapter) as ChosenAdapter }),
    };
  }

  async vectors(id: string, revision: string): Promise<ArrayBuffer | undefined> {
    const object = await this.#bucket.get(vectorsPath(id, revision));
    return object === null ? undefined : await bodyOf(object);
  }

  /** Deletes damaged embeddings. */
  async removeVectors(id: string, revision: string): Promise<void> {
    await this.#bucket.delete(vectorsPath(id, revision));
  }

  /**
   * Stores the packed embeddings, which makes the set ready. Deletes its parts. Its vectors in the former format stay,
   * because release 0.1.0 may still serve, or serve again.
   */
  async putVectors(
    id: string,
    revision: string,
    packed: ArrayBuffer,
    adapter?: ChosenAdapter,
  ): Promise<void> {
    const options = adapter === undefined ? {} : { customMetadata: { adapter: JSON.stringify(adapter) } };
    await this.#objects.asOne(
      () => this.#bucket.put(vectorsPath(id, revision), packed, options),
      async () => isComplete(await this.ready(id, revision), adapter !== undefined),
    );
    await this.parts.removeAll(id, revision);
  }

  /** Deletes embeddings in the format of release 0.1.0. */
  async removeFormerVectors(id: string, revision: string): Promise<void> {
    await this.#bucket.delete(formerVectorsPath(id, revision));
  }
}

function summaryKey(account: string, id: string): string {
  return `accounts/${accountPath(account, id)}`;
}

function vectorsPath(id: string, revision: string): string {
  return `vectors/${id}/${revision}/${MATRIX_FORMAT}`;
}

/**
 * Path of vectors before keys named a format. It is never read, because some of those vectors belong to other texts.
 */
function formerVectorsPath(id: string, revision: string): string {
  return `vectors/${id}/${revision}`;
}
