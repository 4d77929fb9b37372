/**
 * Streams an object into a buffer of the caller's, verified: for bytes that go to WASM memory and nowhere else. What is
 * on the JavaScript side is one piece of the stream.
 */
import { sha256Hex } from "../../../model-shards/sha256.ts";
import { DEADLINES, withDeadline } from "../deadline.ts";
import { damaged, type ExpectedBytes, type ObjectReader, type OnProgress } from "./read-verified.ts";

/** Bytes read at a time: pieces of a stream are often smaller, and then cost a call each. */
const PIECE_BYTES = 131_072;

/**
 * @param opened the object's body, see `openObject`
 * @param target of the expected length; asked for anew before each write, since a WASM memory that grows detaches views
 * @param onProgress called before every write; what it throws ends the reading
 * @throws ServiceError `model_unavailable` as `readVerified`; the target then holds anything
 */
export async function streamInto(
  opened: Promise<ReadableStream<Uint8Array>>,
  key: string,
  { bytes: length, sha256 }: Pick<ExpectedBytes, "bytes" | "sha256">,
  target: () => Uint8Array<ArrayBuffer>,
  onProgress: OnProgress,
): Promise<void> {
  const reader = (await opened).getReader({ mode: "byob" });
  let piece = new Uint8Array(PIECE_BYTES);
  let filled = 0;
  while (filled < length) {
    const { value, done } = await withDeadline(DEADLINES.r2, () => reader.read(piece)).catch(
      (cause: unknown) => {
        throw damaged(key, "reading it failed", cause);
      },
    );
    if (value === undefined || done) break;
    onProgress();
    if (filled + value.byteLength > length) throw damaged(key, `it has more than ${length} bytes`);
    target().set(value, filled);
    filled += value.byteLength;
    piece = new Uint8Array(value.buffer);
  }
  if (filled !== length) throw damaged(key, `it ended after ${filled} of ${length} bytes`);
  await reader.cancel();
  if ((await sha256Hex(target())) !== sha256) throw damaged(key, "its SHA-256 is not the manifest's");
}

/**
 * An object's body, of which nothing has been read.
 * @param length that it must have, bytes
 * @throws ServiceError `model_unavailable`
 */
export async function openObject(
  bucket: ObjectReader,
  key: string,
  length: number,
): Promise<ReadableStream<Uint8Array>> {
  const object = await withDeadline(DEADLINES.r2, () => bucket.get(key)).catch((cause: unknown) => {
    throw damaged(key, "reading it failed", cause);
  });
  if (object === null) throw damaged(key, "it is missing");
  if (object.size === length) return object.body;
  await object.body.cancel();
  throw damaged(key, `it has ${object.size} bytes, the manifest says ${length}`);
}
