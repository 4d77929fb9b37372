/** Picture files on this machine, found by the ends of their names. */
import type { Dirent } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join, normalize, relative, sep } from "node:path";
import { MAX_MULTIPART_BYTES } from "../../functions/gateway/limits.ts";

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
 * The files themselves, and the pictures in folders and the folders inside them, sorted by name. Hidden files and
 * folders are not looked for: thumbnails, and what macOS writes beside each picture (`._fox.jpg`). A path has one form,
 * however it was typed: `./fox.png` is `fox.png`.
 * @throws Error for a path that is not there
 */
export async function pictureFiles(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    if (!(await isFolder(path))) {
      found.push(normalize(path));
      continue;
    }
    const inside: string[] = [];
    for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name);
      if (pictureType(file) === undefined || isHidden(relative(path, file))) continue;
      if (await isFile(entry, file)) inside.push(file);
    }
    for (const file of inside.toSorted()) found.push(file);
  }
  return [...new Set(found)];
}

/** @throws Error for a path that is not there */
async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Error(`there is no file or folder ${path}`, { cause: error });
  }
}

/** @param path within the folder that was named */
export function isHidden(path: string): boolean {
  return path.split(sep).some((name) => name.startsWith("."));
}

/** True for a file or a link to one. A link that leads nowhere counts, so that its picture is reported. */
async function isFile(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  return await stat(path).then(
    (found) => found.isFile(),
    () => true,
  );
}

/**
 * A file as a part of a form. It is read as a whole: if reading failed while it was sent, that would look like a
 * failure of the service.
 * @param most bytes that a request may hold
 * @throws Error for a file that cannot be read or has more bytes
 */
export async function pictureBlob(path: string, most: number = MAX_MULTIPART_BYTES): Promise<Blob> {
  const { size } = await stat(path);
  if (size > most) throw new Error(`the file has more than ${most / 1e6} MB`);
  return new Blob([await readFile(path)], { type: pictureType(path) ?? "application/octet-stream" });
}
