/**
 * Runs ImageMagick, the codec for compressed formats other than PNG, WebP and AVIF. It reads all the formats that the
 * API lists, decodes JPEG at reduced size and is maintained. This file owns its instance: it starts it, limits it, and
 * discards it when it is broken.
 */
import {
  ConfigurationFiles,
  initializeImageMagick,
  MagickError,
  ResourceLimits,
} from "@imagemagick/magick-wasm";
import magickWasm from "../../../.generated/codecs/magick.wasm";
import { CodecBlock } from "../codec-block.ts";
import { codecImports, type MemoryPart, wouldFit } from "../codec-memory.ts";
import { MAX_HEIF_FILE_BYTES, MAX_SIDE } from "../formats/pixel-limits.ts";
import { forgetInstance, type MagickApi, makeInstance } from "./magick-internals.ts";
import { MAGICK_POLICY } from "./magick-policy.ts";

/** One frame is read, but the codec also counts the frame that it is about to read. */
const MAX_FRAMES = 4n;
/** Limit for an unpacked ICC, EXIF or text block, bytes. */
const MAX_PROFILE_BYTES = 8_000_000n;
/**
 * The size of block that an instance must still be able to allocate, bytes: the pixels of a phone's 12 megapixels. If
 * it cannot, memory leaked or is fragmented.
 */
const ROOM_BYTES = 48_800_000;

/** The instance. It is not a promise that requests share: a request that finds no instance makes one. */
let current: MagickApi | undefined;
/** True if the instance had decoded other pictures before the current one. */
let startedUsed = false;

/**
 * The instance for the next picture, if it is still as good as new; a worse one is discarded. Also frees whatever the
 * picture before left behind. Call it only while holding the turn.
 */
export function soundMagick(): MagickApi | undefined {
  CodecBlock.freeAll();
  if (current !== undefined && !canAllocate(current, ROOM_BYTES)) discardMagick();
  startedUsed = current !== undefined;
  return current;
}

/** Gives the instance, with the file in its heap. */
export async function openMagick(file: CodecBlock): Promise<MagickApi> {
  if (current !== undefined && file.isIn(current)) return current;
  return await file.survive(startMagick);
}

/**
 * Starts a new instance in place of the current one.
 * @param kept a part of the codec's memory that must outlive the current instance
 * @returns the instance, and the kept part's new address
 */
async function startMagick(kept?: MemoryPart): Promise<{ api: MagickApi; keptAt: number }> {
  discardMagick();
  const { imports, keptAt } = codecImports(kept);
  const configuration = ConfigurationFiles.default;
  configuration.policy.data = MAGICK_POLICY;
  const api = await makeInstance(imports, MAX_HEIF_FILE_BYTES, () =>
    initializeImageMagick(magickWasm, configuration),
  );
  // Set no limit for ImageMagick's memory: the WASM memory's maximum is the only one, so memory runs out in only one way.
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
 * Starts a new instance, unless this picture already had one to itself.
 * @param file moves to the new instance
 * @returns undefined if a new instance would be no better
 */
export async function renewMagick(file: CodecBlock): Promise<MagickApi | undefined> {
  if (!startedUsed) return undefined;
  return await file.survive(startMagick);
}

/**
 * Call it after a picture failed. ImageMagick's own errors leave the instance sound. Anything else is a trap in the middle
 * of its work, after which its memory cannot be trusted. The next instance may read the file again.
 */
export function recoverMagick(error: unknown): void {
  if (error instanceof MagickError) return;
  current = undefined;
  forgetInstance();
  CodecBlock.outliveInstance();
}

/** True if there is an instance. */
export function magickIsOpen(): boolean {
  return current !== undefined;
}

/** Discards the instance, so that the next picture gets a new one. */
export function discardMagick(): void {
  current = undefined;
  startedUsed = false;
  forgetInstance();
  CodecBlock.forgetAll();
}
