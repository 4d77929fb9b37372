/**
 * A bound on the files in the codec's file system, which is JavaScript memory beside its heap. Where memory runs out
 * ImageMagick goes on in a file, as large as it likes and whatever its own disk limit says; here that is no way out.
 */
import type { MagickApi } from "./magick.ts";
import { noteRefusal } from "./codec-memory.ts";

/** Linux's and Emscripten's "no space left on device". */
const ENOSPC = 51;

/** @param limit bytes of one file */
export function limitCodecFiles({ FS }: MagickApi, limit: number): void {
  const files = FS.filesystems.MEMFS;
  for (const change of ["expandFileStorage", "resizeFileStorage"] as const) {
    const original = files[change];
    files[change] = (node, bytes) => {
      if (bytes > limit) {
        noteRefusal();
        throw new FS.ErrnoError(ENOSPC);
      }
      original(node, bytes);
    };
  }
}
