/**
 * What an account's Durable Object says of its files (`functions/state/`). It knows which files there are and counts
 * them; it never sees their bytes, which are in R2. Whoever calls it moves the bytes, and tells it before and after:
 *
 *     upload   begin → bytes to R2, and touch → commit       or, after a failure: abandon → R2 cleared → ended
 *     delete   remove → bytes cleared in R2, or the id revoked there → removed
 *
 * Every step may be repeated, and one that was begun and not finished is handed out by `due` until it is.
 */

/** A file as OpenAI describes it. */
export interface FileObject {
  id: string;
  object: "file";
  bytes: number;
  /** Seconds since 1970. */
  created_at: number;
  /** Absent for a file that stays. */
  expires_at?: number;
  filename: string;
  purpose: FilePurpose;
  status: "processed";
}

/** `batch_output` is the service's own to write. */
export const FILE_PURPOSES = ["assistants", "batch", "batch_output", "user_data", "vision"] as const;
export type FilePurpose = (typeof FILE_PURPOSES)[number];

/** Files on a page. Their names have 255 characters, 765 bytes at most, so that a page has less than 1 MB of them. */
export const MAX_FILES_LISTED = 1_000;

/** What is known of a file once all of it has come. */
export interface FileContent {
  /** SHA-256 of the bytes, hexadecimal. */
  sha256: string;
  bytes: number;
  filename: string;
  purpose: FilePurpose;
  /** Seconds after its creation; null: never. */
  expiresAfter: number | null;
}

/** An upload to R2 that is about to begin. */
export interface NewUpload {
  /** Id of the blob that it makes, unless the account turns out to have these bytes. */
  blob: string;
  /** For the marks of the blob's ids. */
  key: string;
  /** R2's, of a multipart upload; null for one that is written at once. */
  uploadId: string | null;
  /** At most so many bytes come. */
  bytes: number;
  /** Bytes that the account may store in all. */
  maxBytes: number;
}

export type Begun =
  | "begun"
  /** The account may not store so many bytes, or so many files. */
  | "full"
  /** It may, but its other uploads must end first. */
  | "busy"
  /** Nothing was begun: the sweep does not know the account yet, and must be able to find what dies from now on. */
  | "unmarked";

export interface Committed {
  file: FileObject;
  /** The account had these bytes: those of the upload are to be cleared, and then `ended` to be said. */
  isDuplicate: boolean;
}

export interface FileQuery {
  /** Id of the last file of the page before. It need not exist any more. */
  after: string | null;
  limit: number;
  order: "asc" | "desc";
  purpose: string | null;
}

export interface FilePage {
  files: FileObject[];
  hasMore: boolean;
}

/** What is to happen in R2 before files are gone that have the same bytes. */
export interface Removal {
  blob: string;
  /** Numbers of the files that are being removed, revoked together: R2 takes one write a second of an object. */
  numbers: number[];
  /** Whether the bytes go, and with them all files of the blob. */
  isLast: boolean;
}

/** What is to happen in R2 after an upload was given up. */
export interface Abandoned {
  /** Whether what R2 has of the upload is nobody's. */
  mayClear: boolean;
  /** Removal of the file that was made of it without its client hearing of that. */
  removal?: Removal;
}

/** What was begun and not finished, and files that have expired. */
export interface Due {
  removals: Removal[];
  /** Uploads that nobody will commit any more; what R2 has of them is to be cleared. */
  uploads: { blob: string; uploadId: string | null }[];
  /** Whether there is more than was asked for. */
  hasMore: boolean;
}

export interface AccountFilesRpc {
  /** @param isMarked whether the account's marker is in R2; once is enough */
  begin(upload: NewUpload, isMarked: boolean): Promise<Begun>;
  /** The upload is alive. @returns false if it was taken for dead, or is over */
  touch(blob: string): Promise<boolean>;
  /**
   * Makes the file of an upload.
   * @param isStored whether R2 has the bytes. While it does not, there is a file only if the account had them before.
   * @returns undefined while there is none, and for an upload that was not begun or was abandoned
   */
  commit(blob: string, content: FileContent, isStored: boolean): Promise<Committed | undefined>;
  /** No file will be made of the upload, and one that was made is removed. */
  abandon(blob: string): Promise<Abandoned>;
  /** R2 has nothing of the upload any more. */
  ended(blob: string): Promise<void>;
  get(id: string): Promise<FileObject | undefined>;
  list(query: FileQuery): Promise<FilePage>;
  /** From now on the file is neither shown nor listed. @returns undefined if there is no such file */
  remove(id: string): Promise<Removal | undefined>;
  removed(removals: readonly Removal[]): Promise<void>;
  /** @param limit number of files, and of uploads */
  due(limit: number): Promise<Due>;
}

/** The namespace of accounts' Durable Objects. */
export interface AccountNamespace {
  getByName(account: string): AccountFilesRpc;
}
