/**
 * Label sets in R2, which is consistent: what is written or deleted here is so for everybody at once.
 *
 * `accounts/<account>/<id>` what a list shows · `definitions/<id>` the set itself · `vectors/<id>/<revision>/<format>` its
 * packed embeddings · `parts/<id>/<revision>/<format>/<n>` pieces of them while they are being computed · `plans/<id>/…`
 * which pieces those are, see `plan.ts` · `claims/<id>/<revision>` who computes them, see `build-claim.ts`.
 */
import { sha256Hex } from "../runtime/sha256-hex.ts";
import { warn } from "../runtime/warn.ts";
import { answeringBucket, bodyOf, unreachable } from "./answering-bucket.ts";
import { isLabelSetId, type LabelSetDefinition } from "./definition.ts";
import { MATRIX_FORMAT, type MatrixNames, namesOf } from "./label-matrix.ts";
import { placeOf, type Plan, planBlocks, type PlannedItem } from "./plan.ts";

/** What a list shows of a set. */
export interface LabelSetSummary {
  id: string;
  account: string;
  name: string | null;
  labels: number;
  prompts: number;
  templates: readonly string[];
  /** Seconds since 1970. */
  created_at: number;
}

/** Who computes a set for a revision; see `build-claim.ts`. Times in milliseconds since 1970. */
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

/** What some of a set's vectors were made of. */
export interface PartCounts {
  tokens: number;
  prompts: number;
}

/**
 * Every method throws ServiceError `model_unavailable` while R2 does not answer, or answers with other bytes. R2 is not
 * asked about an id that no set can have: it may be longer than R2's keys.
 */
export class SetStore {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = answeringBucket(bucket);
  }

  async summary(account: string, id: string): Promise<LabelSetSummary | undefined> {
    return isLabelSetId(id) ? await this.#json(summaryKey(account, id)) : undefined;
  }

  async exists(account: string, id: string): Promise<boolean> {
    return isLabelSetId(id) && (await this.#bucket.head(summaryKey(account, id))) !== null;
  }

  /** @param after id of the last one seen */
  async list(
    account: string,
    limit: number,
    after: string | undefined,
  ): Promise<{ sets: LabelSetSummary[]; hasMore: boolean }> {
    const prefix = summaryKey(account, "");
    const listed = await this.#bucket.list({
      prefix,
      limit,
      ...(after === undefined ? {} : { startAfter: prefix + after }),
    });
    const sets = await Promise.all(
      listed.objects.map(({ key }) => this.summary(account, key.slice(prefix.length))),
    );
    // One may have been deleted in between.
    return { sets: sets.filter((set) => set !== undefined), hasMore: listed.truncated };
  }

  /**
   * Sets of all accounts.
   * @param after what `next` was the last time
   * @returns their keys and ids; `next` is null after the last one
   */
  async listAll(
    limit: number,
    after: string | null | undefined,
  ): Promise<{ ids: { key: string; id: string }[]; next: string | null }> {
    const options = after == null || after === "" ? {} : { startAfter: after };
    const { objects, truncated } = await this.#bucket.list({ prefix: "accounts/", limit, ...options });
    const ids = objects.map(({ key }) => ({ key, id: key.slice(key.lastIndexOf("/") + 1) }));
    return { ids, next: truncated ? (ids.at(-1)?.key ?? null) : null };
  }

  /** @returns whether the set is new */
  async create(summary: LabelSetSummary, definition: LabelSetDefinition): Promise<boolean> {
    const { account, id } = summary;
    // The definition first: what is listed is complete.
    await this.#put(`definitions/${id}`, jsonBytes(definition));
    const bytes = jsonBytes(summary);
    return await this.#put(summaryKey(account, id), bytes, { onlyIf: { etagDoesNotMatch: "*" } });
  }

  async definition(id: string): Promise<LabelSetDefinition | undefined> {
    return isLabelSetId(id) ? await this.#json(`definitions/${id}`) : undefined;
  }

  async remove(account: string, id: string): Promise<void> {
    await this.#bucket.delete([summaryKey(account, id), `definitions/${id}`]);
    await this.removeComputed(id);
  }

  /** All that a set's definition led to. */
  async removeComputed(id: string): Promise<void> {
    for (const kind of ["claims", "vectors", "parts", "plans"]) await this.#removeAll(`${kind}/${id}/`);
  }

  /** Bytes of the packed embeddings; undefined while there are none. */
  async vectorsBytes(id: string, revision: string): Promise<number | undefined> {
    return (await this.#bucket.head(vectorsPath(id, revision)))?.size;
  }

  async vectors(id: string, revision: string): Promise<ArrayBuffer | undefined> {
    const object = await this.#bucket.get(vectorsPath(id, revision));
    return object === null ? undefined : await bodyOf(object);
  }

  /** Drops embeddings that are damaged. */
  async removeVectors(id: string, revision: string): Promise<void> {
    await this.#bucket.delete(vectorsPath(id, revision));
  }

  /** Stores the packed embeddings, which makes the set ready, and drops its parts and vectors of the former format. */
  async putVectors(id: string, revision: string, packed: ArrayBuffer): Promise<void> {
    await this.#bucket.put(vectorsPath(id, revision), packed);
    await this.removeParts(id, revision);
    await this.#bucket.delete(formerVectorsPath(id, revision));
  }

  async removeParts(id: string, revision: string): Promise<void> {
    await this.#removeAll(`parts/${id}/${revision}/`);
  }

  /** How the set is computed in parts; undefined if it has not been planned. */
  async plan(id: string): Promise<Plan | undefined> {
    return await this.#derived(`plans/${id}/plan`);
  }

  /** Plans a set. One block is in memory at a time. */
  async putPlan(id: string, definition: LabelSetDefinition): Promise<Plan> {
    const blocks: number[] = [];
    let parts = 0;
    for (const block of planBlocks(definition)) {
      await this.#put(`plans/${id}/${blocks.length}`, jsonBytes(block));
      blocks.push(parts);
      parts += block.length;
    }
    await this.#put(`plans/${id}/names`, jsonBytes(namesOf(definition)));
    const plan: Plan = { templates: definition.templates, parts, blocks };
    // The plan last: what it names is there.
    await this.#put(`plans/${id}/plan`, jsonBytes(plan));
    return plan;
  }

  /** What the vectors of a part are made of; undefined if the plan is damaged. */
  async plannedPart(id: string, plan: Plan, number: number): Promise<PlannedItem[] | undefined> {
    const { block, index } = placeOf(plan, number);
    return (await this.#derived<PlannedItem[][]>(`plans/${id}/${block}`))?.[index];
  }

  /** What a matrix of the set says besides its vectors; undefined if the plan is damaged. */
  async plannedNames(id: string): Promise<MatrixNames | undefined> {
    return await this.#derived(`plans/${id}/names`);
  }

  /** So that it is made anew. */
  async removePlan(id: string): Promise<void> {
    await this.#bucket.delete(`plans/${id}/plan`);
  }

  /** Who computes a set for a revision, and the version of that for `putClaim`. A damaged claim is none. */
  async claim(id: string, revision: string): Promise<{ claim?: Claim; etag?: string }> {
    const object = await this.#bucket.get(claimKey(id, revision));
    if (object === null) return {};
    const bytes = await bodyOf(object);
    if (!(await isWhole(object, bytes))) return { etag: object.etag };
    return { claim: JSON.parse(new TextDecoder().decode(bytes)) as Claim, etag: object.etag };
  }

  /**
   * @param etag of the claim that it replaces; undefined if there was none
   * @returns its own; undefined if somebody else was faster, and nothing was written
   */
  async putClaim(
    id: string,
    revision: string,
    claim: Claim,
    etag: string | undefined,
  ): Promise<string | undefined> {
    const onlyIf = etag === undefined ? { etagDoesNotMatch: "*" } : { etagMatches: etag };
    return await this.#write(claimKey(id, revision), jsonBytes(claim), { onlyIf });
  }

  async removeClaim(id: string, revision: string): Promise<void> {
    await this.#bucket.delete(claimKey(id, revision));
  }

  /** The parts that are there, by their numbers. */
  async parts(id: string, revision: string): Promise<Map<number, PartCounts>> {
    const prefix = partPath(id, revision, "");
    const parts = new Map<number, PartCounts>();
    for (let cursor: string | undefined; ;) {
      const options = { prefix, include: ["customMetadata" as const] };
      const listed = await this.#bucket.list(cursor === undefined ? options : { ...options, cursor });
      for (const { key, customMetadata } of listed.objects) {
        const { tokens, prompts } = customMetadata ?? {};
        parts.set(Number(key.slice(prefix.length)), { tokens: Number(tokens), prompts: Number(prompts) });
      }
      if (!listed.truncated) return parts;
      ({ cursor } = listed);
    }
  }

  async hasPart(id: string, revision: string, number: number): Promise<boolean> {
    return (await this.#bucket.head(partPath(id, revision, number))) !== null;
  }

  /** Its vectors, one after the other; undefined if it is missing, or was damaged and has now been dropped. */
  async part(id: string, revision: string, number: number): Promise<Float32Array | undefined> {
    const key = partPath(id, revision, number);
    const object = await this.#bucket.get(key);
    if (object === null) return undefined;
    const bytes = await bodyOf(object);
    if (await isWhole(object, bytes)) return new Float32Array(bytes);
    await this.#bucket.delete(key);
    return undefined;
  }

  async putPart(
    id: string,
    revision: string,
    number: number,
    rows: Float32Array<ArrayBuffer>,
    { tokens, prompts }: PartCounts,
  ): Promise<void> {
    const customMetadata = { tokens: String(tokens), prompts: String(prompts) };
    const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
    await this.#put(partPath(id, revision, number), bytes, { customMetadata });
  }

  /** @returns false if `onlyIf` was not met */
  async #put(key: string, bytes: Uint8Array<ArrayBuffer>, options: R2PutOptions = {}): Promise<boolean> {
    return (await this.#write(key, bytes, options)) !== undefined;
  }

  /** @returns the object's etag; undefined if `onlyIf` was not met */
  async #write(
    key: string,
    bytes: Uint8Array<ArrayBuffer>,
    options: R2PutOptions,
  ): Promise<string | undefined> {
    const customMetadata = { ...options.customMetadata, sha256: await sha256Hex(bytes) };
    return (await this.#bucket.put(key, bytes, { ...options, customMetadata }))?.etag;
  }

  /** What can be made again: damaged, it is as good as missing. */
  async #derived<T>(key: string): Promise<T | undefined> {
    const object = await this.#bucket.get(key);
    if (object === null) return undefined;
    const bytes = await bodyOf(object);
    return (await isWhole(object, bytes)) ? (JSON.parse(new TextDecoder().decode(bytes)) as T) : undefined;
  }

  async #json<T>(key: string): Promise<T | undefined> {
    const object = await this.#bucket.get(key);
    if (object === null) return undefined;
    const bytes = await bodyOf(object);
    if (await isWhole(object, bytes)) return JSON.parse(new TextDecoder().decode(bytes)) as T;
    throw unreachable(new Error(`${key} is damaged`));
  }

  async #removeAll(prefix: string): Promise<void> {
    for (;;) {
      const { objects, truncated } = await this.#bucket.list({ prefix });
      if (objects.length > 0) await this.#bucket.delete(objects.map(({ key }) => key));
      if (!truncated) return;
    }
  }
}

function summaryKey(account: string, id: string): string {
  return `accounts/${encodeURIComponent(account)}/${id}`;
}

function vectorsPath(id: string, revision: string): string {
  return `vectors/${id}/${revision}/${MATRIX_FORMAT}`;
}

/** Where vectors were before keys named a format. Some were another text's, so they are never read. */
function formerVectorsPath(id: string, revision: string): string {
  return `vectors/${id}/${revision}`;
}

function partPath(id: string, revision: string, number: number | ""): string {
  return `parts/${id}/${revision}/${MATRIX_FORMAT}/${number}`;
}

function claimKey(id: string, revision: string): string {
  return `claims/${id}/${revision}`;
}

async function isWhole({ customMetadata }: R2Object, bytes: ArrayBuffer): Promise<boolean> {
  const isRight = (await sha256Hex(new Uint8Array(bytes))) === customMetadata?.["sha256"];
  if (!isRight) warn("label set damaged", new Error("an object in R2 is not what was stored"));
  return isRight;
}

function jsonBytes(value: object): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(JSON.stringify(value)));
}
