/**
 * Decoded pictures in a byte stream, in the order of their files. Before each: one byte that says whether there are
 * pixels, and the length of what follows as a little-endian uint32. Then the pixels, or the refusal as JSON.
 */
import type { ByteReader } from "./byte-reader.ts";
import type { DecodedImage, RpcFailure } from "../rpc.ts";

const HEADER_BYTES = 5;
const PIXELS = 1;
const REFUSAL = 0;

/** Resolves when the picture has been read. */
export async function writeDecoded(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  decoded: DecodedImage,
): Promise<void> {
  const bytes = decoded.ok
    ? decoded.value.pixels
    : new TextEncoder().encode(JSON.stringify(decoded.error satisfies RpcFailure));
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  header.setUint8(0, decoded.ok ? PIXELS : REFUSAL);
  header.setUint32(1, bytes.length, true);
  await writer.write(new Uint8Array(header.buffer));
  await writer.write(bytes);
}

/**
 * The next picture; undefined after the last one.
 * @throws Error if the stream breaks off
 */
export async function readDecoded(stream: ByteReader): Promise<DecodedImage | undefined> {
  const header = await stream.read(HEADER_BYTES);
  if (header === undefined) return undefined;
  const view = new DataView(header.buffer);
  const bytes = await stream.read(view.getUint32(1, true));
  if (bytes === undefined) throw new Error("the decoder's results broke off");
  if (view.getUint8(0) === PIXELS) return { ok: true, value: { pixels: bytes } };
  return { ok: false, error: JSON.parse(new TextDecoder().decode(bytes)) as RpcFailure };
}
