/**
 * ImageMagick as the one codec for compressed formats: it reads everything the API promises, decodes JPEG at a fraction
 * of its size and is maintained; measured against photon, jSquash and sharp's WASM build it takes the least memory for
 * a phone photo. This file owns its instance: how it is made, bounded, and thrown away when it is broken.
 */
import {
  ConfigurationFiles,
  ImageMagick,
  initializeImageMagick,
  MagickError,
  ResourceLimits,
} from "@imagemagick/magick-wasm";
// By path: wrangler looks for modules as files and does not read the package's export map.
import magickWasm from "../../node_modules/@imagemagick/magick-wasm/dist/x86/magick.wasm";
import { limitCodecFiles } from "./codec-files.ts";
import { MAX_HEIF_FILE_BYTES, MAX_SIDE } from "./formats/pixel-limits.ts";
import { installMemoryCeiling } from "./memory-ceiling.ts";
import { MAGICK_POLICY } from "./magick-policy.ts";

/** What we use of the package's module, which its types leave out. Pointers and sizes are bytes. */
export interface MagickApi {
  HEAPU8: Uint8Array<ArrayBuffer>;
  FS: {
    ErrnoError: new (code: number) => Error;
    filesystems: { MEMFS: Record<"expandFileStorage" | "resizeFileStorage", FileChange> };
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

/** Makes room for, or cuts, a file to so many bytes. */
type FileChange = (node: unknown, bytes: number) => void;

/** Where the package keeps its only instance; it makes a new one if there is none. */
const holder = ImageMagick as unknown as { _api: MagickApi | undefined };

/** One frame is read; the codec counts the one it is about to read, too. */
const MAX_FRAMES = 4n;
/** Bytes of an ICC, EXIF or text block, unpacked. */
const MAX_PROFILE_BYTES = 8_000_000n;
/** Bytes that must be free after a refusal: what a 12-megapixel picture takes. Less means that something leaked. */
const ROOM_BYTES = 80_000_000;

/** The instance. Not a promise that requests share: whoever finds none makes one. */
let current: MagickApi | undefined;

export async function openMagick(): Promise<MagickApi> {
  if (current !== undefined) return current;
  installMemoryCeiling();
  const configuration = ConfigurationFiles.default;
  configuration.policy.data = MAGICK_POLICY;
  await initializeImageMagick(magickWasm, configuration);
  // Memory is left to the ceiling, so that there is one way to run out of it.
  ResourceLimits.width = BigInt(MAX_SIDE);
  ResourceLimits.height = BigInt(MAX_SIDE);
  ResourceLimits.maxProfileSize = MAX_PROFILE_BYTES;
  ResourceLimits.disk = 0n;
  ResourceLimits.listLength = MAX_FRAMES;
  const made = holder._api;
  if (made === undefined) throw new Error("ImageMagick came up without an instance");
  // Two requests may have begun at once; the package keeps one of their instances.
  if (made !== current) limitCodecFiles(made, MAX_HEIF_FILE_BYTES);
  current = made;
  return made;
}

/** Size of the codec's WASM memory, bytes; 0 before the first picture. */
export function codecMemoryBytes(): number {
  return current?.HEAPU8.buffer.byteLength ?? 0;
}

/**
 * Makes sure that the next picture finds a codec that works. An error of ImageMagick's own leaves the instance sound;
 * anything else is a trap in the middle of its work, after which its memory cannot be trusted.
 * @param refused whether the picture failed for want of memory
 */
export function recoverMagick(error: unknown, refused: boolean): void {
  if (!(error instanceof MagickError) || (refused && !hasRoom())) discardMagick();
}

function hasRoom(): boolean {
  if (current === undefined) return true;
  const block = current._malloc(ROOM_BYTES);
  if (block !== 0) current._free(block);
  return block !== 0;
}

/** The next picture gets a new instance. */
export function discardMagick(): void {
  current = undefined;
  holder._api = undefined;
}
