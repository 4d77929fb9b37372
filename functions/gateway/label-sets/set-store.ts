/**
 * Label sets in R2, which is consistent: what is written or deleted here is so for everybody at once.
 *
 * `accounts/<account>/<id>` what a list shows · `definitions/<id>` the set itself · `vectors/<id>/<revision>` its packed
 * embeddings · `parts/<id>/<revision>/<n>` pieces of them while they are being computed.
 */
import { ServiceError } from "../../runtime/errors.ts";
import type { LabelSetDefinition } from "./definition.ts";

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

/** What some of a set's vectors were made of. */
export interface PartCounts {
  tokens: number;
  prompts: number;
}

/** Every method throws ServiceError `model_unavailable` while R2 does not answer. */
export class SetStore {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = answering(bucket);
  }

  async summary(account: string, id: string): Promise<LabelSetSummary | undefined> {
    const object = await this.#bucket.get(summaryKey(account, id));
    return await object?.json();
  }

  async exists(account: string, id: string): Promise<boolean> {
    return (await this.#bucket.head(summaryKey(account, id))) !== null;
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
    await this.#bucket.put(`definitions/${id}`, JSON.stringify(definition));
    const onlyIf = { etagDoesNotMatch: "*" };
    return (await this.#bucket.put(summaryKey(account, id), JSON.stringify(summary), { onlyIf })) !== null;
  }

  async definition(id: string): Promise<LabelSetDefinition | undefined> {
    return await (await this.#bucket.get(`definitions/${id}`))?.json();
  }

  async remove(account: string, id: string): Promise<void> {
    await this.#bucket.delete([summaryKey(account, id), `definitions/${id}`]);
    for (const prefix of [`vectors/${id}/`, `parts/${id}/`]) await this.#removeAll(prefix);
  }

  /** Bytes of the packed embeddings; undefined while there are none. */
  async vectorsBytes(id: string, revision: string): Promise<number | undefined> {
    return (await this.#bucket.head(`vectors/${id}/${revision}`))?.size;
  }

  async vectors(id: string, revision: string): Promise<ArrayBuffer | undefined> {
    return await (await this.#bucket.get(`vectors/${id}/${revision}`))?.arrayBuffer();
  }

  /** Stores the packed embeddings, which makes the set ready, and drops its parts. */
  async putVectors(id: string, revision: string, packed: ArrayBuffer): Promise<void> {
    await this.#bucket.put(`vectors/${id}/${revision}`, packed);
    await this.#removeAll(`parts/${id}/${revision}/`);
  }

  /** The parts that are there, by their numbers. */
  async parts(id: string, revision: string): Promise<Map<number, PartCounts>> {
    const prefix = `parts/${id}/${revision}/`;
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

  /** Its vectors, one after the other. */
  async part(id: string, revision: string, number: number): Promise<Float32Array | undefined> {
    const object = await this.#bucket.get(`parts/${id}/${revision}/${number}`);
    return object === null ? undefined : new Float32Array(await object.arrayBuffer());
  }

  async putPart(
    id: string,
    revision: string,
    number: number,
    rows: Float32Array,
    { tokens, prompts }: PartCounts,
  ): Promise<void> {
    const customMetadata = { tokens: String(tokens), prompts: String(prompts) };
    await this.#bucket.put(`parts/${id}/${revision}/${number}`, rows, { customMetadata });
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

/** The bucket, whose failures are refusals that the caller understands. */
function answering(bucket: R2Bucket): R2Bucket {
  return new Proxy(bucket, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as (...parameters: unknown[]) => Promise<unknown>;
      return async (...parameters: unknown[]) => {
        try {
          return await Reflect.apply(method, target, parameters);
        } catch (cause) {
          throw new ServiceError("model_unavailable", "label sets cannot be reached; try again", { cause });
        }
      };
    },
  });
}
