/** The service's own index: a vector store, found by its name. */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import * as z from "zod";
import { MAX_FILENAME_LENGTH } from "../../functions/gateway/limits.ts";
import { attributesSchema } from "../../functions/gateway/schemas/fields/metadata.ts";
import { messageOf } from "../../build/command-line/message-of.ts";
import { pictureBlob } from "../service/picture-files.ts";
import { RefusedRequest } from "../service/refused-request.ts";
import type { EdgeclipClient } from "./edgeclip-client.ts";
import type { IndexedFile, Match, OnRefused, PictureIndex, Query } from "./picture-index.ts";

const pathAndHash = z.object({ path: z.string(), sha256: z.string() });
const pageOf = <S extends z.ZodType>(entry: S) => z.object({ data: z.array(entry), has_more: z.boolean() });
const storesSchema = pageOf(z.object({ id: z.string(), name: z.string() }));
const filesSchema = pageOf(z.object({ id: z.string(), attributes: pathAndHash.partial() }));
const addedSchema = z.object({
  data: z.array(z.object({ error: z.object({ message: z.string() }).nullish() })),
});
const storeSchema = z.object({ id: z.string() });
const foundSchema = z.object({
  data: z.array(z.object({ filename: z.string(), score: z.number(), attributes: pathAndHash.partial() })),
});

/** What the store has under a path. */
interface Known {
  fileId: string;
  sha256: string;
}

export class StoreIndex implements PictureIndex {
  readonly #client: EdgeclipClient;
  readonly #name: string;

  /** @param name of the store, or its id */
  constructor(client: EdgeclipClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  /** Makes the store if there is none. A picture whose bytes the store has under its path is not sent again. */
  async add(files: readonly IndexedFile[], onRefused: OnRefused): Promise<void> {
    const id = (await this.#find()) ?? (await this.#make());
    const known = await this.#known(id);
    for (const file of files) {
      const refusal = await this.#addOne(id, file, known.get(file.id));
      if (refusal !== undefined) onRefused(file, refusal);
    }
  }

  /** @returns why it was refused */
  async #addOne(
    store: string,
    { id: path, path: file }: IndexedFile,
    before: Known | undefined,
  ): Promise<string | undefined> {
    let picture: Blob;
    try {
      picture = await pictureBlob(file);
    } catch (error) {
      return messageOf(error);
    }
    const sha256 = createHash("sha256")
      .update(new Uint8Array(await picture.arrayBuffer()))
      .digest("hex");
    if (before?.sha256 === sha256) return undefined;
    const attributes = attributesSchema.safeParse({ path, sha256 });
    if (!attributes.success) {
      return `its path in the folder is no attribute: ${attributes.error.issues[0]?.message}`;
    }
    const form = new FormData();
    form.append("attributes", JSON.stringify(attributes.data));
    form.append("on_error", "report");
    form.append("image", picture, basename(path).slice(-MAX_FILENAME_LENGTH));
    const refusal = await this.#send(`vector_stores/${store}/files`, form);
    if (refusal === undefined && before !== undefined) {
      await this.#client.delete(`vector_stores/${store}/files/${before.fileId}`);
    }
    return refusal;
  }

  /** @returns why the form's picture was refused */
  async #send(endpoint: string, form: FormData): Promise<string | undefined> {
    try {
      return addedSchema.parse(await this.#client.post(endpoint, form)).data[0]?.error?.message;
    } catch (error) {
      // Anything else would be wrong for all pictures.
      if (error instanceof RefusedRequest && error.status === 413) return error.message;
      throw error;
    }
  }

  async search(query: Query, count: number): Promise<Match[]> {
    const id = await this.#find();
    if (id === undefined) {
      throw new Error(`there is no vector store ${JSON.stringify(this.#name)}; index a folder first`);
    }
    const found = await this.#client.post(`vector_stores/${id}/search`, await searchOf(query, count));
    return foundSchema
      .parse(found)
      .data.map(({ filename, score, attributes }) => ({ id: attributes.path ?? filename, score }));
  }

  /** @returns the store's id; the newest, if several have the name */
  async #find(): Promise<string | undefined> {
    for await (const { id, name } of this.#pages("vector_stores", storesSchema)) {
      if (name === this.#name || id === this.#name) return id;
    }
    return undefined;
  }

  async #make(): Promise<string> {
    return storeSchema.parse(await this.#client.post("vector_stores", { name: this.#name })).id;
  }

  async #known(id: string): Promise<Map<string, Known>> {
    const known = new Map<string, Known>();
    for await (const { id: fileId, attributes } of this.#pages(`vector_stores/${id}/files`, filesSchema)) {
      const { path, sha256 = "" } = attributes;
      if (path !== undefined) known.set(path, { fileId, sha256 });
    }
    return known;
  }

  async *#pages<Entry extends { id: string }>(
    endpoint: string,
    schema: z.ZodType<{ data: Entry[]; has_more: boolean }>,
  ): AsyncGenerator<Entry> {
    let after = "";
    for (let hasMore = true; hasMore;) {
      const page = schema.parse(await this.#client.get(`${endpoint}?limit=100${after}`));
      yield* page.data;
      hasMore = page.has_more && page.data.length > 0;
      after = `&after=${page.data.at(-1)?.id}`;
    }
  }
}

async function searchOf(query: Query, count: number): Promise<object> {
  if ("text" in query) return { query: query.text, max_num_results: count };
  const form = new FormData();
  form.append("max_num_results", String(count));
  form.append("image", await pictureBlob(query.path), basename(query.path));
  return form;
}
