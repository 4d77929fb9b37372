/**
 * What the Durable Object of a vector store says (`functions/state/`), one an account and id, named `<account>/<id>`.
 * The object is the truth: it has every row, its vector included, in SQLite. Segments in R2 are copies of rows, made
 * for scanning. A row gets a number when it is written; numbers rise and are never used twice. A picture whose
 * attributes change gets a new row. So a segment or a row, once read, is never stale: it is only live or not, which
 * `view` says.
 */
import type { Attributes, NewPicture, PictureFacts, QuantizedRow } from "./stored-picture.ts";

/** `expires_after` of OpenAI: so many days after the store was last used. */
export interface StoreSettings {
  name: string | null;
  description: string | null;
  metadata: Record<string, string>;
  expiresAfterDays: number | null;
}

export interface NewStore extends StoreSettings {
  /** `<alias>@<revision>`: rows of other revisions cannot be compared with these. */
  model: string;
  /** Values a vector. */
  width: number;
}

export interface StoreFacts extends NewStore {
  id: string;
  createdAt: number;
  lastActiveAt: number;
  /** Seconds since 1970; null: never. */
  expiresAt: number | null;
  status: "completed" | "in_progress" | "expired";
  /** Bytes of vectors, attributes and names. */
  usageBytes: number;
  counts: FileCounts;
}

export interface FileCounts {
  in_progress: number;
  completed: number;
  failed: number;
  cancelled: number;
  total: number;
}

/**
 * Why nothing was changed. `gone`: there is no such store (any more). `busy`: too many rows are in no segment, and the
 * client should try again. `unattended`: the same, and a message should be sent (`sendStoreOn`), for none is expected.
 */
export type Refusal = "gone" | "expired" | "full" | "width" | "busy" | "unattended";

export interface PicturesAdded {
  pictures: PictureFacts[];
  /** Whether a message of the queue should be sent, for a segment can be made. */
  mayCompact: boolean;
}

/** The page of OpenAI's lists. A cursor may name a picture that was deleted not long ago. */
export interface PictureQuery {
  after: string | null;
  before: string | null;
  limit: number;
  order: "asc" | "desc";
  status: PictureFacts["status"] | null;
  batchId: string | null;
}

export interface PicturePage {
  pictures: PictureFacts[];
  hasMore: boolean;
  /** A cursor that the list neither has nor had not long ago; then the page is empty. */
  unknown?: "after" | "before";
}

/** A segment in R2, immutable. */
export interface SegmentRef {
  /** Key in the bucket of vectors. */
  key: string;
  /** Rows in it, live or not. */
  rows: number;
  bytes: number;
  /** Hexadecimal SHA-256 of the object's header, which has those of its parts; `SegmentWriter` gives it. */
  sha256: string;
  /** A bit a row, the first the least significant of the first byte; 1: no longer live. Absent if all are live. */
  dead?: Uint8Array;
}

/** A live row that is in no segment. */
export interface OpenRow {
  number: number;
  row: QuantizedRow;
  attributes: Attributes;
}

/** What a search of now has to look at. */
export interface StoreView {
  /** Rises with each change of rows or segments. */
  version: number;
  model: string;
  width: number;
  segments: SegmentRef[];
  /** Numbers of the live rows that are in no segment, rising. */
  live: Uint32Array;
  /** Those of them whose number is above what the asker knew. */
  added: OpenRow[];
}

/** What the asker of a view has. */
export interface KnownView {
  version: number;
  /** The highest number of an open row it has; 0 if none. */
  number: number;
  /** Rows it has room for beside those. */
  most: number;
}

/**
 * What gateway and search Worker ask. File batches are in `file-batch-rpc.ts`, the work in the background in
 * `store-work-rpc.ts`.
 */
export interface VectorStoreRpc {
  /** Once more is harmless. */
  create(account: string, id: string, store: NewStore): Promise<StoreFacts>;
  /** @returns undefined if there is no such store. One that has expired says so in its status. */
  facts(): Promise<StoreFacts | undefined>;
  update(changes: Partial<StoreSettings>): Promise<StoreFacts | undefined>;
  /**
   * From now on there is no such store. Its data goes in the background, so a message should be sent.
   * @returns false if there was none
   */
  remove(): Promise<boolean>;

  /** Adds pictures, or replaces those whose file the store has. All or none. @param maxPictures of the store */
  add(pictures: readonly NewPicture[], maxPictures: number): Promise<PicturesAdded | Refusal>;
  setAttributes(fileId: string, attributes: Attributes): Promise<PicturesAdded | Refusal | undefined>;
  /** @returns false if the store does not have the file; undefined if there is no such store */
  removePicture(fileId: string): Promise<boolean | undefined>;
  picture(fileId: string): Promise<PictureFacts | undefined>;
  pictures(query: PictureQuery): Promise<PicturePage | undefined>;

  /**
   * Counts as use.
   * @returns "same" if nothing changed since the asker's version; "more" if more rows were added than it has room for;
   * undefined if there is no such store
   */
  view(known: KnownView | null): Promise<StoreView | "same" | "more" | "expired" | undefined>;
  /**
   * R2 has lost or changed the object of a segment: it is written anew, from the rows, before any other. The message
   * for that is the next addition's, or the sweep's.
   */
  damaged(key: string): Promise<void>;
  /** Describes the pictures of live rows; those that are gone are left out. */
  describe(numbers: readonly number[]): Promise<Map<number, PictureFacts>>;
}
