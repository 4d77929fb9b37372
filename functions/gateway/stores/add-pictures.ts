/** Adds pictures or a vector to a store: embedded, quantized, and handed to the store's object, which then has them. */
import { AccountFiles } from "../../files/account-files.ts";
import type { FileObject } from "../../files/account-files-rpc.ts";
import { makeFileId, newBlobId, newBlobKey } from "../../files/file-id.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { warn } from "../../runtime/warn.ts";
import { quantizeRow } from "../../vector-stores/quantize-row.ts";
import { MAX_STORE_PICTURES } from "../../vector-stores/store-limits.ts";
import type { PicturesAdded, Refusal } from "../../vector-stores/store-state-rpc.ts";
import type { Attributes, NewPicture, PictureFacts } from "../../vector-stores/stored-picture.ts";
import { sendStoreOn, type StoreObject, vectorStore } from "../../vector-stores/vector-stores.ts";
import type { EmbedContext } from "../embed/embed-context.ts";
import { embedImages } from "../embed/embed-images.ts";
import { keptVector } from "../embed/kept-vector.ts";
import type { PictureBatch } from "../embed/picture-batch.ts";
import type { Usage } from "../embed/usage.ts";
import { FileReference } from "../images/file-reference.ts";
import { fileNotFound } from "../images/stored-image.ts";
import { missing } from "../../runtime/missing.ts";
import type { ImageReference } from "../schemas/fields/image.ts";
import type { OnError } from "../schemas/fields/on-error.ts";
import { deletedMeanwhile, takeOut } from "./deleted-meanwhile.ts";
import type { KeptPictures } from "./kept-pictures.ts";
import type { OpenStore } from "./open-store.ts";
import { refusalError } from "./store-errors.ts";

/** File name of a vector whose sender gave it none. */
const UNNAMED = "vector";

export interface Addition {
  /** Name of a picture or vector; undefined: its file's name. */
  filename: string | undefined;
  attributes: Attributes;
}

export interface PicturesToAdd extends Addition {
  references: readonly ImageReference[];
  /** Gives a reference's path in the request. */
  paramOf: (index: number) => string;
  onError: OnError;
}

export interface AddedPictures {
  /** For each reference the picture as the store has it, or why it was not added. */
  rows: (PictureFacts | ServiceError)[];
  usage: Usage;
}

/**
 * All pictures are added, or none; with `report`, those that can be read.
 * @throws ServiceError naming the bad picture; `file_not_found`, `invalid_value` for a file that is no picture by its
 * purpose; `vector_store_not_found`, `vector_store_expired`, `storage_limit_exceeded`, `overloaded`,
 * `model_unavailable`
 */
export async function addPictures(
  store: OpenStore,
  batch: PictureBatch,
  kept: KeptPictures,
  { references, paramOf, onError, filename, attributes }: PicturesToAdd,
): Promise<AddedPictures> {
  const named = await namedFiles(store, batch.context, references, paramOf);
  const { embeddings, hashes, errors, cached } = await embedImages(references, batch, { paramOf, onError });
  /** The account's files, by the hash of their bytes. */
  const byHash = new Map<string, FileObject>();
  for (const [index, reference] of references.entries()) {
    const file = reference instanceof FileReference ? named.get(reference.id) : undefined;
    if (file !== undefined) byHash.set(hashes[index] ?? "", file);
  }
  /** By the file's id: a picture that comes twice is one. */
  const pictures = new Map<string, NewPicture>();
  /** Ids of files that are new, and of no other request. */
  const made: string[] = [];
  const ids = references.map((reference, index) => {
    if (errors.has(index)) return undefined;
    const sha256 = hashes[index] ?? "";
    const own = reference instanceof FileReference ? undefined : kept.fileOf(sha256);
    if (own !== undefined) made.push(own.id);
    const file = reference instanceof FileReference ? named.get(reference.id) : (own ?? byHash.get(sha256));
    if (file === undefined) throw new Error("a picture has no file");
    pictures.set(file.id, {
      fileId: file.id,
      filename: filename ?? file.filename,
      bytes: file.bytes,
      attributes,
      row: quantizeRow(embeddings[index] ?? missing("a picture was not added")),
    });
    return file.id;
  });
  const good = hashes.filter((_, index) => !errors.has(index));
  const takenBack = onError === "fail" ? made : [];
  const facts = await addWithFiles(store, batch.context, [...pictures.values()], takenBack).catch(
    (error: unknown) => {
      // The answer was lost, and perhaps the store has the pictures: then they must have their files.
      if (!(error instanceof ServiceError) || error.cause !== undefined) kept.settle(good);
      throw error;
    },
  );
  const rows = ids.map(
    (id = "", index) => errors.get(index) ?? facts.get(id) ?? fileNotFound(id, paramOf(index)),
  );
  if (onError === "fail") for (const row of rows) if (row instanceof ServiceError) throw row;
  kept.settle(good);
  const usage = { images: references.length - errors.size, cachedImages: cached, tokens: 0, cachedTokens: 0 };
  return { rows, usage };
}

/**
 * Adds a vector without a picture. Its id looks like a file's, but there is no such file.
 * @throws ServiceError `unsupported_dimensions`, `invalid_type` for zeros; as `addPictures`
 */
export async function addVector(
  store: OpenStore,
  context: EmbedContext,
  values: readonly number[] | Float32Array,
  { filename = UNNAMED, attributes }: Addition,
): Promise<PictureFacts> {
  const vector = keptVector(values, store.manifest.embedding_width, "embedding");
  const parts = { blob: newBlobId(), number: 0, expiresAt: null, position: 0 };
  const fileId = await makeFileId(parts, newBlobKey());
  const picture = { fileId, filename, bytes: 0, attributes, row: quantizeRow(vector) };
  return (await add(store, context, [picture])).get(fileId) ?? missing("a picture was not added");
}

/** What a change made of pictures. The jobs Worker is told if there is work for it. @throws ServiceError */
export async function applied(
  { env, waitUntil }: Pick<EmbedContext, "env" | "waitUntil">,
  { account, id }: Pick<OpenStore, "account" | "id">,
  change: Promise<PicturesAdded | Refusal>,
): Promise<PictureFacts[]> {
  const added = await change;
  const isRefused = typeof added === "string";
  if (isRefused ? added === "unattended" : added.mayCompact) waitUntil(sendStoreOn(env, account, id));
  if (isRefused) throw refusalError(added, id);
  return added.pictures;
}

/**
 * @param takenBack what goes again if a file was deleted meanwhile; others may have been in the store before
 * @returns without those whose files were deleted meanwhile
 */
async function addWithFiles(
  store: OpenStore,
  context: EmbedContext,
  pictures: readonly NewPicture[],
  takenBack: readonly string[],
): Promise<Map<string, PictureFacts>> {
  const facts = await add(store, context, pictures);
  const deleted = await deletedMeanwhile(store, context, [...facts.keys()]);
  if (deleted.length > 0) await takeOut(store, context.env, new Set([...deleted, ...takenBack]));
  for (const id of deleted) facts.delete(id);
  return facts;
}

async function add(
  store: OpenStore,
  context: EmbedContext,
  pictures: readonly NewPicture[],
): Promise<Map<string, PictureFacts>> {
  if (pictures.length === 0) return new Map();
  const object = vectorStore(context.env, store.account, store.id);
  const facts = await applied(context, store, object.add(pictures, MAX_STORE_PICTURES)).catch(
    async (error: unknown) => {
      const stored = await storedAs(object, pictures);
      if (stored === undefined) throw error;
      context.waitUntil(sendStoreOn(context.env, store.account, store.id));
      return stored;
    },
  );
  return new Map(facts.map((each) => [each.fileId, each]));
}

/**
 * What was added without the answer being heard. A file's bytes never change, so one that has the same name and
 * attributes in the store has the same vector.
 * @returns undefined if the store does not have all of them so
 */
async function storedAs(
  object: StoreObject,
  pictures: readonly NewPicture[],
): Promise<PictureFacts[] | undefined> {
  const stored: PictureFacts[] = [];
  for (const { fileId, filename, attributes } of pictures) {
    const facts = await object.picture(fileId).catch((error: unknown) => {
      warn("whether pictures were added is not known", error);
    });
    const isSame =
      facts?.status === "completed" &&
      facts.filename === filename &&
      JSON.stringify(facts.attributes) === JSON.stringify(attributes);
    if (!isSame) return undefined;
    stored.push(facts);
  }
  return stored;
}

/** The account's files among the references, by id. */
async function namedFiles(
  { account }: OpenStore,
  { env }: EmbedContext,
  references: readonly ImageReference[],
  paramOf: (index: number) => string,
): Promise<Map<string, FileObject>> {
  const files = new AccountFiles(env, account);
  const found = await Promise.all(
    references.map(async (reference, index) => {
      if (!(reference instanceof FileReference)) return [];
      const { id } = reference;
      const file = await files.get(id);
      if (file === undefined) throw fileNotFound(id, paramOf(index));
      requirePicture(file, paramOf(index));
      return [[id, file] as const];
    }),
  );
  return new Map(found.flat());
}

/** @throws ServiceError `invalid_value` for a list or an output of batches */
function requirePicture({ purpose }: FileObject, param: string): void {
  if (purpose !== "batch" && purpose !== "batch_output") return;
  const message = `${param}: the purpose of the file is "${purpose}": it holds lines, not a picture`;
  throw new ServiceError("invalid_value", message, { param });
}
