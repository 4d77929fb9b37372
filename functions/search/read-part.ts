/** Reads parts of segments from R2. Whatever is returned has been verified. */
import { ByteReader } from "../runtime/bytes/byte-reader.ts";
import { DEADLINES, withDeadline } from "../runtime/deadline.ts";
import { hexOf } from "../../model-shards/sha256.ts";
import { DamagedSegmentError, SegmentHeader, type SegmentPart } from "../vector-stores/segment-header.ts";
import { HEADER_BYTES } from "../vector-stores/segment-layout.ts";
import type { SegmentRef } from "../vector-stores/store-state-rpc.ts";

/** Takes a piece of a part. @param at the part's byte that it begins with */
export type Sink = (piece: Uint8Array, at: number) => void;

/** What was read from R2 for one search. */
export interface ReadCounts {
  reads: number;
  bytesRead: number;
}

export class SegmentReader {
  readonly #bucket: R2Bucket;
  readonly #counts: ReadCounts;

  constructor(bucket: R2Bucket, counts: ReadCounts) {
    this.#bucket = bucket;
    this.#counts = counts;
  }

  /** @throws DamagedSegmentError; DeadlineError; what R2 throws */
  async header(ref: SegmentRef, width: number): Promise<SegmentHeader> {
    return await this.#read(ref.key, 0, HEADER_BYTES, (bytes) => headerOf(bytes, ref, width));
  }

  /**
   * Reads header and pages with one request.
   * @param length bytes of the pages
   * @throws as `header`; what `sink` throws
   */
  async pages(ref: SegmentRef, width: number, length: number, sink: Sink): Promise<SegmentHeader> {
    return await this.#read(ref.key, 0, HEADER_BYTES + length, async (bytes, alive) => {
      const header = await headerOf(bytes, ref, width);
      await verified(bytes, header.pages, sink, alive);
      return header;
    });
  }

  /** @throws as `header`; what `sink` throws */
  async part(key: string, part: SegmentPart, sink: Sink): Promise<void> {
    await this.#read(key, part.offset, part.length, (bytes, alive) => verified(bytes, part, sink, alive));
  }

  async #read<T>(
    key: string,
    offset: number,
    length: number,
    use: (bytes: ByteReader, alive: () => void) => Promise<T>,
  ): Promise<T> {
    this.#counts.reads++;
    let bytes: ByteReader | undefined;
    let isOver = false;
    try {
      return await withDeadline(DEADLINES.r2, async (alive) => {
        const object = await this.#bucket.get(key, { range: { offset, length } });
        if (object === null) throw new DamagedSegmentError("it is missing");
        bytes = new ByteReader(object.body);
        if (isOver) await bytes.cancel();
        alive();
        const value = await use(bytes, alive);
        this.#counts.bytesRead += length;
        return value;
      });
    } catch (error) {
      isOver = true;
      // An answer that nobody reads would keep one of the few that R2 may give at the same time.
      bytes?.cancel().catch(() => {});
      throw error instanceof DamagedSegmentError
        ? new DamagedSegmentError(`${key}: ${error.message}`)
        : error;
    }
  }
}

async function headerOf(bytes: ByteReader, ref: SegmentRef, width: number): Promise<SegmentHeader> {
  const read = await bytes.read(HEADER_BYTES);
  if (read === undefined) throw new DamagedSegmentError("it ends in its header");
  const header = await SegmentHeader.read(read, ref.sha256);
  if (header.rows !== ref.rows || header.width !== width) {
    throw new DamagedSegmentError(`it has ${header.rows} rows of ${header.width} values`);
  }
  return header;
}

async function verified(
  bytes: ByteReader,
  { length, sha256 }: SegmentPart,
  sink: Sink,
  alive: () => void,
): Promise<void> {
  const digest = new crypto.DigestStream("SHA-256");
  // Whoever stops in the middle has no digest.
  digest.digest.catch(() => {});
  const hash = digest.getWriter();
  let at = 0;
  for await (const piece of bytes.pieces(length)) {
    sink(piece, at);
    await hash.write(piece);
    at += piece.length;
    alive();
  }
  if (at !== length) {
    await hash.abort();
    throw new DamagedSegmentError(`it ends after ${at} of ${length} bytes of a part`);
  }
  await hash.close();
  if (hexOf(new Uint8Array(await digest.digest)) !== sha256) {
    throw new DamagedSegmentError("a part's SHA-256 is another");
  }
}
