/**
 * Makes a picture whose file nobody has seen before: a deployment may keep embeddings of pictures (`IMAGE_CACHE_TTL`),
 * by the hash of their files, and would not ask its image tower for one that it knows.
 */
import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

/** Bytes of a PNG's last chunk, which ends the file. */
const END_BYTES = 12;

/** @param png a file @returns the same picture with a comment of random letters */
export function uniquePicture(png: Buffer): Buffer {
  const at = png.length - END_BYTES;
  if (png.toString("latin1", at + 4, at + 8) !== "IEND")
    throw new Error("the picture is no PNG, or is cut short");
  return Buffer.concat([
    png.subarray(0, at),
    textChunk("Comment", randomBytes(16).toString("hex")),
    png.subarray(at),
  ]);
}

/** A `tEXt` chunk of the PNG specification: length, type, content, CRC-32 of type and content. */
function textChunk(keyword: string, text: string): Buffer {
  const chunk = Buffer.from(`\0\0\0\0tEXt${keyword}\0${text}\0\0\0\0`, "latin1");
  const content = chunk.subarray(4, -4);
  chunk.writeUInt32BE(content.length - 4, 0);
  chunk.writeUInt32BE(crc32(content), chunk.length - 4);
  return chunk;
}
