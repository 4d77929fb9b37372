/** Stores objects in R2 together with the SHA-256 of their bytes, so that damaged bytes are noticed. */
import { freeBuffer } from "../runtime/bytes/free-buffer.ts";
import { sha256Hex } from "../../model-shards/sha256.ts";
import { isBusy, removeAll } from "../runtime/r2.ts";
import { warn } from "../runtime/warn.ts";
import { answeringBucket, bodyOf, unreachable } from "./answering-bucket.ts";

/** Milliseconds until an object may be written again, and how often that is tried. */
const BUSY_MS = 1_100;
const MAX_TRIES = 4;

/** Waits until so many more bytes may be read. @throws ServiceError `overloaded` */
export type Hold = (bytes: number) => Promise<void>;

/** Every method throws ServiceError `model_unavailable` while R2 does not answer. */
export class ChecksummedObjects {
  readonly bucket: R2Bucket;
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
    this.bucket = answeringBucket(bucket);
  }

  /** @returns the object's etag; undefined if `onlyIf` was not met */
  async put(
    key: string,
    bytes: Uint8Array<ArrayBuffer>,
    options: R2PutOptions = {},
  ): Promise<string | undefined> {
    const customMetadata = { ...options.customMetadata, sha256: await sha256Hex(bytes) };
    return (await this.bucket.put(key, bytes, { ...options, customMetadata }))?.etag;
  }

  /**
   * Puts an object whose key names its content, unless it is there.
   * @returns true if it was not
   */
  async putOnce(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const options = { onlyIf: { etagDoesNotMatch: "*" } };
    const etag = await this.asOne(
      () => this.put(key, bytes, options),
      () => this.has(key),
    );
    return etag !== undefined;
  }

  /** Puts an object whose key names its content, over one that may be damaged. */
  async putAgain(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.asOne(
      () => this.put(key, bytes),
      () => this.has(key),
    );
  }

  /**
   * Writes what others may be writing at the same time: R2 takes one write a second of an object.
   * @param isThere whether another has written it
   * @returns undefined if so
   */
  async asOne<T>(write: () => Promise<T>, isThere: () => Promise<boolean>): Promise<T | undefined> {
    for (let tries = 1; ; tries++) {
      try {
        return await write();
      } catch (error) {
        if (!isBusy(error)) throw error;
        if (await isThere()) return undefined;
        if (tries === MAX_TRIES) throw error;
        await scheduler.wait(BUSY_MS);
      }
    }
  }

  async has(key: string): Promise<boolean> {
    return (await this.bucket.head(key)) !== null;
  }

  /**
   * Undefined if the object does not exist. Its bytes are undefined if they are damaged.
   * @param hold gets its length before it is read
   */
  async get(
    key: string,
    hold?: Hold,
  ): Promise<{ bytes: Uint8Array<ArrayBuffer> | undefined; etag: string } | undefined> {
    const object = await this.bucket.get(key);
    if (object === null) return undefined;
    try {
      await hold?.(object.size);
    } catch (error) {
      await object.body.cancel().catch(() => {});
      throw error;
    }
    const bytes = new Uint8Array(await bodyOf(object));
    return { bytes: (await isWhole(object, bytes)) ? bytes : undefined, etag: object.etag };
  }

  /** Reads JSON that can be made again: damaged JSON counts as missing. */
  async derived<T>(key: string): Promise<T | undefined> {
    const bytes = (await this.get(key))?.bytes;
    return bytes === undefined ? undefined : (parse(bytes) as T);
  }

  /** Reads JSON that cannot be made again. @throws ServiceError `model_unavailable` if it is damaged */
  async original<T>(key: string, hold?: Hold): Promise<T | undefined> {
    const bytes = await this.originalBytes(key, hold);
    return bytes === undefined ? undefined : (parse(bytes) as T);
  }

  /** Reads the bytes of JSON that cannot be made again. @throws ServiceError `model_unavailable` if they are damaged */
  async originalBytes(key: string, hold?: Hold): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const object = await this.get(key, hold);
    if (object === undefined) return undefined;
    if (object.bytes === undefined) throw unreachable(new Error(`${key} is damaged`));
    return object.bytes;
  }

  /** @param mayRemove asked right before each deletion, of what was there before */
  async removeAll(prefix: string, mayRemove?: () => Promise<boolean>): Promise<void> {
    await removeAll(this.#bucket, prefix, unreachable, mayRemove);
  }
}

/** Frees the bytes. */
function parse(bytes: Uint8Array<ArrayBuffer>): unknown {
  const text = new TextDecoder().decode(bytes);
  freeBuffer(bytes);
  return JSON.parse(text);
}

async function isWhole({ customMetadata }: R2Object, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const isRight = (await sha256Hex(bytes)) === customMetadata?.["sha256"];
  if (!isRight) warn("label set damaged", new Error("an object in R2 does not match its checksum"));
  return isRight;
}

export function jsonBytes(value: object): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value)) as Uint8Array<ArrayBuffer>;
}
