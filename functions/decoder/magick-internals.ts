/**
 * What is done to the insides of `@imagemagick/magick-wasm`, which its public functions do not offer. There are four
 * changes, all here, and all made for one version of the package: an upgrade is refused at its first instance until
 * somebody has looked at each of them again, run `test/decoder`, and changed `MADE_FOR`.
 *
 * 1. The only instance is in a private field, which is emptied to throw a broken instance away.
 * 2. An instance is made by the package with imports of its own; the one shared memory is added to them.
 * 3. A picture is read from bytes that are in the codec's memory already, where the package would copy them.
 * 4. The files of the codec's file system are bounded: they are JavaScript memory beside its heap. Where memory runs out
 *    ImageMagick goes on in a file, as large as it likes and whatever its own disk limit says; here that is no way out.
 *    What a file does not need any more is given back at once: a HEIC's tiles are a file each, one after the other.
 */
import { ImageMagick, Magick } from "@imagemagick/magick-wasm";
import { freeBuffer } from "../runtime/free-buffer.ts";
import { noteRefusal } from "./codec-memory.ts";

/** What `Magick.imageMagickVersion` says in version 0.0.43 of the package. */
const MADE_FOR = "ImageMagick 7.1.2-30 Q8 ";

/** What we use of the package's module, which its types leave out. Pointers and sizes are bytes. */
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

/** A file, a folder or a device; what is in it. */
interface FileNode {
  contents: unknown;
}
/** Makes room for, or cuts, a file to so many bytes. */
type FileChange = (node: FileNode, bytes: number) => void;

/** Linux's and Emscripten's "no space left on device". */
const ENOSPC = 51;

/** Where the package keeps its only instance; it makes a new one if there is none. */
const holder = ImageMagick as unknown as { _api: MagickApi | undefined };

/** @throws Error if the package is not the one that these changes were made for */
export function checkVersion(found: string): void {
  if (found.startsWith(MADE_FOR)) return;
  throw new Error(
    `functions/decoder/magick-internals.ts was made for "${MADE_FOR}", the package has "${found}"`,
  );
}

/** The package forgets its instance, and makes a new one when it is next initialized. */
export function forgetInstance(): void {
  holder._api = undefined;
}

/**
 * Makes the package's instance with imports beside its own.
 * @param make initializes the package
 * @param maxFileBytes of one file in the codec's file system
 * @throws Error if the package is another version
 */
export async function makeInstance(
  imports: WebAssembly.Imports,
  maxFileBytes: number,
  make: () => Promise<void>,
): Promise<MagickApi> {
  await withImports(imports, make);
  const api = holder._api;
  if (api === undefined) throw new Error("ImageMagick came up without an instance");
  checkVersion(Magick.imageMagickVersion);
  limitFiles(api, maxFileBytes);
  return api;
}

/**
 * Runs a function of the package that would copy a byte array into the codec's memory and read it there, and lets it
 * read what lies at `pointer` instead.
 * @param read is given the array to pass on
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

/** The package instantiates its WebAssembly itself; while `make` runs, every instance has these imports besides. */
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

/** Empty files share one array. */
function freeContents(contents: unknown): void {
  if (contents instanceof Uint8Array && contents.length > 0) freeBuffer(contents);
}
