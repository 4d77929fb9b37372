/** Turns image references into unit-length image embeddings. */
import { inlineImage } from "../images/inline-image.ts";
import { BlobStore } from "../../files/blob-store.ts";
import { FileReference } from "../images/file-reference.ts";
import { bytesOfReference } from "../images/reference-bytes.ts";
import { readStoredImage } from "../images/stored-image.ts";
import { ImageFetch } from "../images/fetch/image-fetch.ts";
import { parseAllowlist } from "../images/fetch/url-policy.ts";
import type { ImageFile } from "../images/image-file.ts";
import { errorAt, isPictureError } from "../images/picture-error.ts";
import type { ServiceError } from "../../runtime/errors.ts";
import type { ImageReference } from "../schemas/fields/image.ts";
import type { OnError } from "../schemas/fields/on-error.ts";
import { Picture } from "../images/request-picture.ts";
import type { PictureBatch } from "./picture-batch.ts";

/** Pictures whose servers are asked before their turn; of an invocation, as many at a time as it has slots. */
const FETCHES_AHEAD = 4;

export interface EmbeddedImages {
  /** Unit-length, one for each reference, in order; empty for a picture with an error. */
  embeddings: Float32Array[];
  /** SHA-256 of each one's file, hexadecimal; empty for a picture with an error. */
  hashes: string[];
  /** By the reference's index. Empty unless errors are reported. */
  errors: ReadonlyMap<number, ServiceError>;
  /** How many of them came from the cache. */
  cached: number;
}

export interface ImageOptions {
  /** Gives a reference's path in the request, by its index. Default: `images[…]`. */
  paramOf?: (index: number) => string;
  /** Default: `fail`. */
  onError?: OnError;
}

const NO_EMBEDDING = new Float32Array(0);

/** @throws ServiceError naming the bad picture, unless errors are reported; `model_unavailable`, `overloaded` */
export async function embedImages(
  references: readonly ImageReference[],
  batch: PictureBatch,
  { paramOf = (index) => `images[${index}]`, onError = "fail" }: ImageOptions = {},
): Promise<EmbeddedImages> {
  const brought = references.filter(isBrought).length;
  if (brought > 1) batch.severalCome();
  if (brought > 0) batch.expectNext();
  const pictures = await watched(batch, () => addAll(references, batch, paramOf, onError));
  await batch.embed(onError);
  const errors = new Map<number, ServiceError>();
  const embeddings = pictures.map(({ embedding, error }, index) => {
    if (error !== undefined) errors.set(index, errorAt(error, paramOf(index)));
    else if (embedding === undefined) throw new Error("a picture was not embedded");
    return embedding ?? NO_EMBEDDING;
  });
  const hashes = pictures.map(({ sha256 }) => sha256);
  return { embeddings, hashes, errors, cached: pictures.filter(({ cached }) => cached).length };
}

async function watched<T>({ context: { pictureWatch } }: PictureBatch, add: () => Promise<T>): Promise<T> {
  pictureWatch?.begin();
  try {
    return await add();
  } finally {
    pictureWatch?.end();
  }
}

async function addAll(
  references: readonly ImageReference[],
  batch: PictureBatch,
  paramOf: (index: number) => string,
  onError: OnError,
): Promise<Picture[]> {
  const { env, timings, client, fetchSlots: slots } = batch.context;
  const options = { allowed: parseAllowlist(env.IMAGE_URL_ALLOWLIST), client, slots };
  const fetches = new Map<string, ImageFetch>();
  for (const [index, reference] of references.entries()) {
    if (isUrl(reference) && !fetches.has(reference)) {
      fetches.set(reference, new ImageFetch(reference, paramOf(index), options));
    }
  }
  const left = [...fetches.values()];
  const added = new Map<unknown, Picture>();
  const read = async (reference: ImageReference, param: string): Promise<Picture> => {
    if (reference instanceof FileReference) {
      const blobs = new BlobStore(env.FILES, batch.context.account());
      const use = (file: ImageFile): Promise<Picture> => batch.add(file, param);
      return await readStoredImage(blobs, reference.id, param, use);
    }
    if (typeof reference !== "string") {
      if (reference.error !== undefined) throw reference.error;
      return reference;
    }
    const fetched = fetches.get(reference);
    if (fetched === undefined) {
      const file = inlineImage(bytesOfReference(reference, batch.strings), param);
      return await batch.add(file, param);
    }
    for (const next of left.slice(0, FETCHES_AHEAD)) next.open();
    left.shift();
    return await fetched.read(timings, (file) => batch.add(file, param));
  };
  const add = async (reference: ImageReference, param: string): Promise<Picture> => {
    try {
      return await read(reference, param);
    } catch (error) {
      if (onError === "fail" || !isPictureError(error)) throw error;
      return Picture.failed(param, error);
    }
  };
  try {
    // Start with pictures that came in the request, so that their memory is not held while servers are slow.
    for (const [index, reference] of references.entries()) {
      if (added.has(reference) || isUrl(reference) || reference instanceof FileReference) continue;
      added.set(reference, await add(reference, paramOf(index)));
    }
    batch.releaseStrings();
    const pictures: Picture[] = [];
    for (const [index, reference] of references.entries()) {
      const key = sameFor(reference);
      const picture = added.get(key) ?? (await add(reference, paramOf(index)));
      added.set(key, picture);
      pictures.push(picture);
    }
    return pictures;
  } finally {
    for (const fetched of left) fetched.cancel();
  }
}

/** What is equal for references to the same picture. A file's id could be somebody's base64. */
function sameFor(reference: ImageReference): unknown {
  return reference instanceof FileReference ? `file_id:${reference.id}` : reference;
}

/** False for a form's picture, which is at the decoder already. */
function isBrought(reference: ImageReference): boolean {
  return !(reference instanceof Picture);
}

function isUrl(reference: ImageReference): reference is string {
  return typeof reference === "string" && /^(https?:|[a-z][a-z0-9+.-]*:\/\/)/i.test(reference);
}
