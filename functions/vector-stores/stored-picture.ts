/** What a vector store keeps of a picture. */

/** OpenAI's types of attributes. */
export type AttributeValue = string | number | boolean;
export type Attributes = Record<string, AttributeValue>;

/**
 * A unit vector of float32 as it is stored and scanned: `value[i] ≈ scale × ints[i]`, with the largest value at ±127,
 * so that each row uses the whole range.
 */
export interface QuantizedRow {
  /** int8, as many as the model's width. */
  ints: Int8Array;
  scale: number;
}

export interface NewPicture {
  fileId: string;
  filename: string;
  /** Bytes of the file; 0 for a vector without one. */
  bytes: number;
  attributes: Attributes;
  row: QuantizedRow;
}

/** What a client sees of a picture in a store. */
export interface PictureFacts {
  fileId: string;
  filename: string;
  bytes: number;
  attributes: Attributes;
  /** Seconds since 1970. */
  createdAt: number;
  status: "completed" | "in_progress" | "failed" | "cancelled";
  /** Why it failed: a code and words, as OpenAI's `last_error` has them. */
  lastError: { code: "server_error" | "unsupported_file" | "invalid_file"; message: string } | null;
  /** The file batch it came with. */
  batchId: string | null;
}
