/**
 * Reads an object, or a range of it, and verifies its SHA-256 before it is used. The bytes are streamed into one buffer
 * of the size in the manifest, so there is no second copy, and an object of another size is refused early.
 */
import { sha256Hex } from "../../../model-shards/sha256.ts";
import { DEADLINES, withDeadline } from "../deadline.ts";
import { ServiceError } from "../errors.ts";

export interface ExpectedBytes {
  bytes: number;
  /** 64 lower-case hexadecimal digits. */
  sha256: string;
  /** First byte, for a range of the object. */
  offset?: number;
}

/** The part of an R2 bucket that reading needs. */
export interface ObjectReader {
  get(
    key: string,
    options?: { range?: { offset: number; length: number } },
  ): Promise<{ size: number; body: ReadableStream<Uint8Array> } | null>;
}

/** Called for every piece that arrives, as a sign of life. */
export type OnProgress = () => void;

/**
 * @throws ServiceError `model_unavailable` if the object is missing, of another size, or hashes to another value
 */
export async function readVerified(
  bucket: ObjectReader,
  key: string,
  expected: ExpectedBytes,
  onProgress: OnProgress = () => {},
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readExactly(bucket, key, expected, onProgress);
  if ((await sha256Hex(bytes)) !== expected.sha256) throw damaged(key, "its SHA-256 is not the manifest's");
  return bytes;
}

async function readExactly(
  bucket: ObjectReader,
  key: string,
  { bytes: length, offset }: ExpectedBytes,
  onProgress: OnProgress,
): Promise<Uint8Array<ArrayBuffer>> {
  let bytes = new Uint8Array(length);
  let filled = 0;
  try {
    const range = offset === undefined ? {} : { range: { offset, length } };
    const object = await withDeadline(DEADLINES.r2, () => bucket.get(key, range));
    if (object === null) throw damaged(key, "it is missing");
    if (offset === undefined && object.size !== length) {
      await object.body.cancel();
      throw damaged(key, `it has ${object.size} bytes, the manifest says ${length}`);
    }
    // Read directly into the buffer: separate pieces would be garbage of the same size.
    const reader = object.body.getReader({ mode: "byob" });
    while (filled < length) {
      const room = bytes.subarray(filled);
      const { value, done } = await withDeadline(DEADLINES.r2, () => reader.read(room));
      if (value === undefined || done) break;
      bytes = new Uint8Array(value.buffer);
      filled += value.byteLength;
      onProgress();
    }
    await reader.cancel();
  } catch (cause) {
    throw cause instanceof ServiceError ? cause : damaged(key, "reading it failed", cause);
  }
  if (filled !== length) throw damaged(key, `it ended after ${filled} of ${length} bytes`);
  return bytes;
}

/** The error for a model file that cannot be used. */
export function damaged(key: string, why: string, cause?: unknown): ServiceError {
  return new ServiceError("model_unavailable", `model file ${key}: ${why}`, { cause });
}
