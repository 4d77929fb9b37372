/**
 * Ids of files. An id tells by itself where the file's bytes are, when they expire, and that the id is genuine, so that
 * a picture can be read from R2 without asking anybody else:
 *
 *     file-<base64url of 33 bytes>: blob (12) · number (2) · expiry (5) · position (5) · mark (9)
 *
 * Files with the same bytes share a blob; `number` tells them apart. `position` is the file's place in the account's
 * listing: a file that has been deleted still says where a page begins. The mark is an HMAC-SHA-256 over the other
 * bytes, cut, with a key of the blob's own, which stands beside the bytes in R2 and leaves the service in no answer.
 */

const PREFIX = "file-";
const BLOB_BYTES = 12;
const KEY_BYTES = 16;
const MARK_BYTES = 9;
const NUMBER_AT = BLOB_BYTES;
const EXPIRY_AT = NUMBER_AT + 2;
const POSITION_AT = EXPIRY_AT + 5;
const MARK_AT = POSITION_AT + 5;
const ID = /^file-[A-Za-z0-9_-]{44}$/;
const UINT32 = 2 ** 32;

/** What an id says. */
export interface FileIdParts {
  /** Hexadecimal. */
  blob: string;
  /** Among the files that the blob has had. */
  number: number;
  /** Seconds since 1970; null: never. */
  expiresAt: number | null;
  position: number;
}

/** @returns undefined for what is no file's id; whether such a file exists is not known yet */
export function parseFileId(id: string): FileIdParts | undefined {
  if (!ID.test(id)) return undefined;
  const bytes = Uint8Array.fromBase64(id.slice(PREFIX.length), { alphabet: "base64url" });
  const view = new DataView(bytes.buffer);
  const expiresAt = uint40(view, EXPIRY_AT);
  return {
    blob: bytes.subarray(0, BLOB_BYTES).toHex(),
    number: view.getUint16(NUMBER_AT),
    expiresAt: expiresAt === 0 ? null : expiresAt,
    position: uint40(view, POSITION_AT),
  };
}

/** @param key of the blob, base64url */
export async function makeFileId(parts: FileIdParts, key: string): Promise<string> {
  const bytes = new Uint8Array(MARK_AT + MARK_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(Uint8Array.fromHex(parts.blob));
  view.setUint16(NUMBER_AT, parts.number);
  setUint40(view, EXPIRY_AT, parts.expiresAt ?? 0);
  setUint40(view, POSITION_AT, parts.position);
  const raw = Uint8Array.fromBase64(key, { alphabet: "base64url" });
  const hmac = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mark = await crypto.subtle.sign("HMAC", hmac, bytes.subarray(0, MARK_AT));
  bytes.set(new Uint8Array(mark, 0, MARK_BYTES), MARK_AT);
  return PREFIX + bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/**
 * Whether an id was made with the blob's key. A guess has one chance in 2⁷², so how long this takes tells nothing of
 * use.
 */
export async function isGenuine(id: string, key: string): Promise<boolean> {
  const parts = parseFileId(id);
  return parts !== undefined && (await makeFileId(parts, key)) === id;
}

export function newBlobId(): string {
  return crypto.getRandomValues(new Uint8Array(BLOB_BYTES)).toHex();
}

/** Base64url. */
export function newBlobKey(): string {
  return crypto
    .getRandomValues(new Uint8Array(KEY_BYTES))
    .toBase64({ alphabet: "base64url", omitPadding: true });
}

function uint40(view: DataView, at: number): number {
  return view.getUint8(at) * UINT32 + view.getUint32(at + 1);
}

function setUint40(view: DataView, at: number, value: number): void {
  view.setUint8(at, Math.floor(value / UINT32));
  view.setUint32(at + 1, value % UINT32);
}
