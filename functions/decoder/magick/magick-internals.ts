/**
 * Changes to the internals of `@imagemagick/magick-wasm`, for which it has no public functions. All four changes are in
 * this file and were made for one version of the package. Another version is refused when its first instance starts. To
 * upgrade, check each change again, run `test/decoder`, and set `MADE_FOR`.
 *
 * 1. The package keeps its only instance in a private field. Clearing the field discards a broken instance.
 *
 * 2. The package makes its instance with its own imports. The shared memory is added to them.
 *
 * 3. The package copies a picture's bytes into the codec's memory. Here it reads bytes that are already there.
 *
 * 4. The codec's file system is JavaScript memory, outside the codec's heap, so the size of its files is limited.
 * Without a limit, ImageMagick would go on in a file when its memory is full; its own disk limit does not stop it. A
 * file's bytes are freed as soon as the file no longer needs them, because each tile of a HEIC is a new file.
 */
import { ImageMagick, Magick } from "@imagemagick/magick-wasm";
import { freeBuffer } from "../../runtime/bytes/free-buffer.ts";
import { noteRefusal } from "../codec-memory.ts";

/** `Magick.imageMagickVersion` in version 0.0.43 of the package. */
const MADE_FOR = "ImageMagick 7.1.2-30 Q8 ";

/** The functions used here that the package's types leave out. Pointers and sizes are bytes. */
export interface MagickApi {
  HEAPU8: Uint8Array<ArrayBuffer>;
  FS: {
    ErrnoError: new (code: number) => Error;
    filesystems: { MEMFS: Record<"expandFileStorage" | "resizeFileStorage", FileChange> };
    destroyNode: (node: FileNode) => void;
  };
  _malloc: (bytes: number) => number;
  _free: (pointer: number) => void;
  _MagickImage_ReadBlob: (
    settings: number,
    data: number,
    offset: number,
    length: number,
    exception: number,
  ) => number;
}

/** A file, folder or device in Emscripten's file system, and its contents. */
interface FileNode {
  contents: unknown;
}
/** Makes a file `bytes` long, or reserves that much room for it. */
type FileChange = (node: FileNode, bytes: number) => void;

/** "No space left on device" in Emscripten. */
const ENOSPC = 51;

/** Holds the package's only instance. If the field is empty, the package makes a new one. */
const holder = ImageMagick as unknown as { _api: MagickApi | undefined };

/** @throws Error if the package's version is not `MADE_FOR` */
export function checkVersion(found: string): void {
  if (found.startsWith(MADE_FOR)) return;
  throw new Error(
    `functions/decoder/magick/magick-internals.ts was made for "${MADE_FOR}", the package has "${found}"`,
  );
}

/** Makes the package forget its instance. It makes a new one when it is next initialized. */
export function forgetInstance(): void {
  holder._api = undefined;
}

/**
 * Makes the package's instance with additional imports.
 * @param make initializes the package
 * @param maxFileBytes limit for one file in the codec's file system
 * @throws Error if the package has another version
 */
export async function makeInstance(
  imports: WebAssembly.Imports,
  maxFileBytes: number,
  make: () => Promise<void>,
): Promise<MagickApi> {
  await withImports(imports, make);
  const api = holder._api;
  if (api === undefined) throw new Error("ImageMagick started but has no instance");
  checkVersion(Magick.imageMagickVersion);
  limitFiles(api, maxFileBytes);
  return api;
}

/**
 * Runs a function of the package that would copy a byte array into the codec's memory, and makes it read the bytes at
 * `pointer` instead.
 * @param read gets the array that it must pass to the package
 */
export function readInPlace<T>(
  api: MagickApi,
  pointer: number,
  bytes: number,
  read: (placeholder: Uint8Array) => T,
): T {
  const original = api._MagickImage_ReadBlob;
  api._MagickImage_ReadBlob = (settings, _data, offset, _length, exception) =>
    original(settings, pointer, offset, bytes, exception);
  try {
    return read(new Uint8Array(1));
  } finally {
    api._MagickImage_ReadBlob = original;
  }
}

/**
 * The package itself instantiates its WebAssembly. While `make` runs, every WebAssembly instance gets these imports
 * too.
 */
async function withImports(extra: WebAssembly.Imports, make: () => Promise<void>): Promise<void> {
  const { Instance } = WebAssembly;
  WebAssembly.Instance = class extends Instance {
    constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      super(module, { ...imports, ...extra });
    }
  };
  try {
    await make();
  } finally {
    WebAssembly.Instance = Instance;
  }
}

function limitFiles({ FS }: MagickApi, limit: number): void {
  const files = FS.filesystems.MEMFS;
  for (const change of ["expandFileStorage", "resizeFileStorage"] as const) {
    const original = files[change];
    files[change] = (node, bytes) => {
      if (bytes > limit) {
        noteRefusal();
        throw new FS.ErrnoError(ENOSPC);
      }
      const before = node.contents;
      original(node, bytes);
      if (node.contents !== before) freeContents(before);
    };
  }
  const { destroyNode } = FS;
  FS.destroyNode = (node) => {
    freeContents(node.contents);
    destroyNode(node);
  };
}

/** Clears a file's old contents. All empty files share one array, which stays. */
function freeContents(contents: unknown): void {
  if (contents instanceof Uint8Array && contents.length > 0) freeBuffer(contents);
}
