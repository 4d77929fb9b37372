/** Picture files on this machine, found by the ends of their names. */
import { openAsBlob } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".png": "image/png",
  ".webp": "image/webp",
  ".gif": "image/gif",
  ".bmp": "image/bmp",
  ".tif": "image/tiff",
  ".tiff": "image/tiff",
  ".avif": "image/avif",
  ".heic": "image/heic",
  ".heif": "image/heif",
};

/** The media type that a file's name promises; undefined if that is no picture. */
export function pictureType(path: string): string | undefined {
  return TYPES[extname(path).toLowerCase()];
}

/**
 * The files themselves, and the pictures in folders and the folders inside them, sorted by name.
 * @throws Error for a path that is not there
 */
export async function pictureFiles(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    if (!(await stat(path)).isDirectory()) {
      found.push(path);
      continue;
    }
    const inside = await readdir(path, { recursive: true });
    found.push(
      ...inside
        .filter((file) => pictureType(file) !== undefined)
        .toSorted()
        .map((file) => join(path, file)),
    );
  }
  return [...new Set(found)];
}

/** A file as a part of a form. It is read while it is sent. */
export async function pictureBlob(path: string): Promise<Blob> {
  return await openAsBlob(path, { type: pictureType(path) ?? "application/octet-stream" });
}
