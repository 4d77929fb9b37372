/** Reads the header of a segment; `segment-layout.ts` has the format. */
import { hexOf, sha256Hex } from "../../model-shards/sha256.ts";
import {
  GROUP_ENTRY_BYTES,
  HEADER,
  HEADER_BYTES,
  SEGMENT_MAGIC,
  SEGMENT_VERSION,
  SHA256_BYTES,
  groupOf,
  scanBytes,
} from "./segment-layout.ts";

/** What was read is not what was written. */
export class DamagedSegmentError extends Error {
  override readonly name = "DamagedSegmentError";
}

/** A range of the object, and what its bytes must hash to. */
export interface SegmentPart {
  offset: number;
  length: number;
  /** 64 lower-case hexadecimal digits. */
  sha256: string;
}

export class SegmentHeader {
  readonly rows: number;
  readonly width: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
    this.rows = this.#view.getUint32(HEADER.rows, true);
    this.width = this.#view.getUint32(HEADER.width, true);
  }

  /**
   * @param bytes the object's first `HEADER_BYTES`; kept
   * @param sha256 `SegmentRef.sha256`
   * @throws DamagedSegmentError
   */
  static async read(bytes: Uint8Array, sha256: string): Promise<SegmentHeader> {
    if (bytes.length !== HEADER_BYTES) throw new DamagedSegmentError(`a header of ${bytes.length} bytes`);
    if ((await sha256Hex(bytes)) !== sha256) throw new DamagedSegmentError("the header's SHA-256 is another");
    const header = new SegmentHeader(bytes);
    const magic = new TextDecoder().decode(bytes.subarray(0, SEGMENT_MAGIC.length));
    const version = header.#view.getUint32(HEADER.version, true);
    if (magic !== SEGMENT_MAGIC || version !== SEGMENT_VERSION) {
      throw new DamagedSegmentError(`a segment of version ${version}`);
    }
    return header;
  }

  /** Vectors, scales and numbers. */
  get pages(): SegmentPart {
    const length = scanBytes(this.rows, this.width);
    return { offset: HEADER_BYTES, length, sha256: this.#sha256At(HEADER.pagesSha256) };
  }

  /** The group with the column of a key; its length is 0 if no row has a key of the group. */
  group(key: string): SegmentPart {
    const at = HEADER.groups + groupOf(key) * GROUP_ENTRY_BYTES;
    const [offset, length] = [this.#view.getUint32(at, true), this.#view.getUint32(at + 4, true)];
    return { offset, length, sha256: this.#sha256At(at + 8) };
  }

  #sha256At(at: number): string {
    return hexOf(this.#bytes.subarray(at, at + SHA256_BYTES));
  }
}
