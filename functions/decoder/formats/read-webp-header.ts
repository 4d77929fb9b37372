/**
 * Reads a WebP (RFC 9649): a RIFF file whose first chunk is the picture itself, or `VP8X`, which has the canvas size.
 * The first frame of an animation is shown to the codec as a still picture, because the codec would read all frames.
 */
import { exifOrientation } from "./exif-orientation.ts";
import { fourCharacters } from "./four-characters.ts";
import type { Coding, CodecView, PictureHeader } from "./picture-header.ts";

/** Flags of `VP8X`. */
const ALPHA_FLAG = 0x10;
const ANIMATION_FLAG = 0x02;
const VP8L_SIGNATURE = 0x2f;
const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
/** Bytes of `ANMF` before the frame's own chunks. */
const FRAME_HEADER_BYTES = 16;
/** Bytes of `RIFF` and of `VP8X` with its header. */
const STILL_HEADER_BYTES = 30;

interface Chunk {
  type: string;
  at: number;
  /** Length of the content that is in the file, bytes. */
  length: number;
  /** Length that the file claims. */
  claimed: number;
}

/** The types of chunks that are read, other than `VP8X`. */
const KNOWN = new Set(["EXIF", "ANMF", "VP8 ", "ALPH", "VP8L"]);

interface Contents {
  first?: Chunk;
  /** The first chunk of each known type. */
  byType: Map<string, Chunk>;
  /** Corrects the length of a chunk that is cut short: a wrong size is accepted if the pixels are there. */
  trueLength: CodecView["changes"];
}

export function readWebpHeader(file: DataView): PictureHeader | undefined {
  const contents = readContents(file, RIFF_HEADER_BYTES, file.byteLength);
  const { first, byType } = contents;
  const exif = byType.get("EXIF");
  const orientation =
    exif === undefined
      ? 1
      : exifOrientation(new DataView(file.buffer, file.byteOffset + exif.at, exif.length));
  if (first?.type === "VP8X") {
    const canvas = { width: uint24(file, first.at + 4) + 1, height: uint24(file, first.at + 7) + 1 };
    const isAnimated = (file.getUint8(first.at) & ANIMATION_FLAG) !== 0;
    const picture = isAnimated ? readFirstFrame(file, contents, canvas) : readStill(file, contents, canvas);
    return picture && { ...picture, orientation };
  }
  const alone = first && { ...contents, byType: new Map([[first.type, first]]) };
  const picture = alone && readStill(file, alone, pictureSize(file, first));
  return picture && { ...picture, orientation };
}

function readStill(
  file: DataView,
  { byType, trueLength }: Contents,
  size: { width: number; height: number } | undefined,
): PictureHeader | undefined {
  const coding = codingOf(byType);
  if (coding === undefined || size === undefined) return undefined;
  const changes = [{ at: 4, bytes: uint32(file.byteLength - CHUNK_HEADER_BYTES) }, ...trueLength];
  return { ...size, coding, view: { start: 0, end: file.byteLength, changes } };
}

/** Reads the first frame of an animation. It lies on a canvas that is transparent at first. */
function readFirstFrame(
  file: DataView,
  { byType }: Contents,
  canvas: { width: number; height: number },
): PictureHeader | undefined {
  const frame = byType.get("ANMF");
  if (frame === undefined) return undefined;
  const [x, y, width, height] = [0, 3, 6, 9].map((offset) => uint24(file, frame.at + offset));
  const [left, top] = [2 * (x ?? 0), 2 * (y ?? 0)];
  const start = frame.at + FRAME_HEADER_BYTES - STILL_HEADER_BYTES;
  const end = frame.at + frame.length;
  const parts = readContents(file, frame.at + FRAME_HEADER_BYTES, end);
  const coding = codingOf(parts.byType);
  if (coding === undefined) return undefined;
  const view: CodecView = {
    start,
    end,
    changes: [
      {
        at: start,
        bytes: stillHeader(end - start, coding !== "WebP", (width ?? 0) + 1, (height ?? 0) + 1),
      },
      ...parts.trueLength,
    ],
  };
  return {
    width: Math.max(canvas.width, left + (width ?? 0) + 1),
    height: Math.max(canvas.height, top + (height ?? 0) + 1),
    placement: { left, top },
    coding,
    view,
  };
}

/**
 * The bytes that come before the picture's chunks in a file with one picture. They replace what comes before them in
 * the animation.
 */
function stillHeader(fileBytes: number, hasAlpha: boolean, width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(STILL_HEADER_BYTES);
  bytes.set(new TextEncoder().encode("RIFF    WEBPVP8X"));
  const view = new DataView(bytes.buffer);
  view.setUint32(4, fileBytes - CHUNK_HEADER_BYTES, true);
  view.setUint32(16, 10, true);
  bytes[20] = hasAlpha ? ALPHA_FLAG : 0;
  // Each size has three bytes. The second write overwrites the fourth byte of the first.
  view.setUint32(24, width - 1, true);
  view.setUint16(27, (height - 1) & 0xffff, true);
  bytes[29] = (height - 1) >> 16;
  return bytes;
}

/** The coding that the picture's own chunks use; undefined if there is none. */
function codingOf(byType: ReadonlyMap<string, Chunk>): Coding | undefined {
  if (byType.has("VP8L")) return "lossless WebP";
  if (byType.has("ALPH")) return "WebP with alpha";
  return byType.has("VP8 ") ? "WebP" : undefined;
}

function pictureSize(file: DataView, { type, at }: Chunk): { width: number; height: number } | undefined {
  if (type === "VP8 ") {
    // A key frame's tag and start code, then 14 bits of each side (RFC 6386, 9.1).
    return { width: file.getUint16(at + 6, true) & 0x3fff, height: file.getUint16(at + 8, true) & 0x3fff };
  }
  if (type !== "VP8L" || file.getUint8(at) !== VP8L_SIGNATURE) return undefined;
  const bits = file.getUint32(at + 1, true);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

/** Walks through chunks once and lists nothing, because a file may have millions of them. */
function readContents(file: DataView, start: number, end: number): Contents {
  const contents: Contents = { byType: new Map(), trueLength: [] };
  for (const chunk of riffChunks(file, start, end)) {
    const { type, at, length, claimed } = chunk;
    contents.first ??= chunk;
    if (KNOWN.has(type) && !contents.byType.has(type)) contents.byType.set(type, chunk);
    // Only the last chunk can be cut short.
    if (claimed > length) contents.trueLength = [{ at: at - 4, bytes: uint32(length) }];
  }
  return contents;
}

/** A chunk that is cut short is among them: its header still states the picture's size. */
function* riffChunks(file: DataView, start: number, end: number): Generator<Chunk> {
  for (let at = start; at + CHUNK_HEADER_BYTES <= end;) {
    const type = fourCharacters(file, at);
    const claimed = file.getUint32(at + 4, true);
    const length = Math.min(claimed, end - at - CHUNK_HEADER_BYTES);
    yield { type, at: at + CHUNK_HEADER_BYTES, length, claimed };
    at += CHUNK_HEADER_BYTES + length + (length % 2);
  }
}

function uint24(file: DataView, at: number): number {
  return file.getUint16(at, true) | (file.getUint8(at + 2) << 16);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
