/**
 * ImageMagick as the codec for all compressed formats but PNG, WebP and AVIF: it reads everything else that the API
 * promises, decodes JPEG at a fraction of its size and is maintained. This file owns its instance: how it is made,
 * bounded, and thrown away when it is broken.
 */
import {
  ConfigurationFiles,
  initializeImageMagick,
  MagickError,
  ResourceLimits,
} from "@imagemagick/magick-wasm";
import magickWasm from "../../.generated/codecs/magick.wasm";
import { CodecBlock } from "./codec-block.ts";
import { codecImports, type MemoryPart, wouldFit } from "./codec-memory.ts";
import { MAX_HEIF_FILE_BYTES, MAX_SIDE } from "./formats/pixel-limits.ts";
import { forgetInstance, type MagickApi, makeInstance } from "./magick-internals.ts";
import { MAGICK_POLICY } from "./magick-policy.ts";

/** One frame is read; the codec counts the one it is about to read, too. */
const MAX_FRAMES = 4n;
/** Bytes of an ICC, EXIF or text block, unpacked. */
const MAX_PROFILE_BYTES = 8_000_000n;
/**
 * The block that an instance must still be able to give, bytes: the pixels of a phone's 12 megapixels. Less means that
 * memory leaked or lies in pieces.
 */
const ROOM_BYTES = 48_800_000;

/** The instance. Not a promise that requests share: whoever finds none makes one. */
let current: MagickApi | undefined;
/** Whether the picture at hand was begun with an instance that had others before. */
let startedUsed = false;

/**
 * The instance for the next picture if there is one that is as good as new; a worse one is discarded. Whatever a picture
 * before left behind is gone. For whoever has the turn.
 */
export function soundMagick(): MagickApi | undefined {
  CodecBlock.freeAll();
  if (current !== undefined && !canAllocate(current, ROOM_BYTES)) discardMagick();
  startedUsed = current !== undefined;
  return current;
}

/** The instance, with the file in its heap. */
export async function openMagick(file: CodecBlock): Promise<MagickApi> {
  if (current !== undefined && file.isIn(current)) return current;
  return await file.survive(startMagick);
}

/**
 * A new instance in the place of the current one.
 * @param kept a part of the codec's memory that is to outlive it
 * @returns where that part is now, besides
 */
async function startMagick(kept?: MemoryPart): Promise<{ api: MagickApi; keptAt: number }> {
  discardMagick();
  const { imports, keptAt } = codecImports(kept);
  const configuration = ConfigurationFiles.default;
  configuration.policy.data = MAGICK_POLICY;
  const api = await makeInstance(imports, MAX_HEIF_FILE_BYTES, () =>
    initializeImageMagick(magickWasm, configuration),
  );
  // Memory is left to the memory's maximum, so that there is one way to run out of it.
  ResourceLimits.width = BigInt(MAX_SIDE);
  ResourceLimits.height = BigInt(MAX_SIDE);
  ResourceLimits.maxProfileSize = MAX_PROFILE_BYTES;
  ResourceLimits.disk = 0n;
  ResourceLimits.listLength = MAX_FRAMES;
  current = api;
  return { api, keptAt };
}

function canAllocate(api: MagickApi, bytes: number): boolean {
  return wouldFit(() => {
    const block = api._malloc(bytes);
    if (block !== 0) api._free(block);
    return block !== 0;
  });
}

/**
 * A new instance, unless the picture at hand had one already.
 * @param file is taken over to it
 * @returns undefined if a new one would be no better
 */
export async function renewMagick(file: CodecBlock): Promise<MagickApi | undefined> {
  if (!startedUsed) return undefined;
  return await file.survive(startMagick);
}

/**
 * After a picture that failed: an error of ImageMagick's own leaves the instance sound; anything else is a trap in the
 * middle of its work, after which its memory cannot be trusted. The file may be read once more by the next instance.
 */
export function recoverMagick(error: unknown): void {
  if (error instanceof MagickError) return;
  current = undefined;
  forgetInstance();
  CodecBlock.outliveInstance();
}

/** Whether there is an instance. */
export function magickIsOpen(): boolean {
  return current !== undefined;
}

/** The next picture gets a new instance. */
export function discardMagick(): void {
  current = undefined;
  startedUsed = false;
  forgetInstance();
  CodecBlock.forgetAll();
}
