/**
 * Addresses of the shards Worker: `/<alias>/<revision>/manifest.json`, or `/<alias>/<revision>?slices=` with slices of
 * the revision's files, `<file>:<offset>:<length>`, separated by commas; the answer is their bytes one after the other.
 * An address always has the same answer, because a revision stands for the hashes of all files. So cached answers stay
 * valid for ever.
 */
import { MANIFEST_FILE } from "../../../model-shards/model-files.ts";

/**
 * Bytes of a slice: a Worker holds this much of each slice that is being read, and reads this much again if a slice is
 * lost.
 */
export const SLICE_BYTES = 1_048_576;
/** Most slices in one answer. */
const MAX_SLICES = 256;

const PATH = /^\/([a-z0-9][a-z0-9_.-]*\/[0-9a-f]{16})(\/manifest\.json)?$/;
const SLICE = /^([a-z0-9][a-z0-9.-]*):(\d{1,12}):(\d{1,7})$/;

export interface Slice {
  file: string;
  /** First byte in the file. */
  offset: number;
  length: number;
}

/** A whole file of a revision, or slices of its files. */
export interface Asked {
  /** `<alias>/<revision>`. */
  prefix: string;
  /** Default: the manifest. */
  slices?: Slice[];
}

/** The path and query that name slices. @param prefix `<alias>/<revision>` */
export function slicesPath(prefix: string, slices: readonly Slice[]): string {
  const listed = slices.map(({ file, offset, length }) => `${file}:${offset}:${length}`);
  return `/${prefix}?slices=${listed.join(",")}`;
}

export function manifestPath(prefix: string): string {
  return `/${prefix}/${MANIFEST_FILE}`;
}

/** @returns undefined for any other address */
export function parseAsked({ pathname, searchParams }: URL): Asked | undefined {
  const [, prefix, manifest] = PATH.exec(pathname) ?? [];
  if (prefix === undefined) return undefined;
  const listed = searchParams.get("slices");
  if (manifest !== undefined) return listed === null ? { prefix } : undefined;
  const slices: Slice[] = [];
  for (const each of listed?.split(",", MAX_SLICES + 1) ?? []) {
    const [, file = "", offset, length] = SLICE.exec(each) ?? [];
    const slice = { file, offset: Number(offset), length: Number(length) };
    if (!(slice.length > 0 && slice.length <= SLICE_BYTES)) return undefined;
    slices.push(slice);
  }
  return slices.length > 0 && slices.length <= MAX_SLICES ? { prefix, slices } : undefined;
}

/** Cuts a range of a file into slices of at most `most` bytes. */
export function* cut({ file, offset, length }: Slice, most: number): Generator<Slice> {
  for (let at = 0; at < length; at += most) {
    yield { file, offset: offset + at, length: Math.min(most, length - at) };
  }
}
