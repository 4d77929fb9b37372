/**
 * Writes the token embedding table, which is not part of the ONNX graph: it is the largest tensor of the text tower,
 * and a text needs only a few of its rows. Each int8 row has a scale of its own. `model-shards/manifest.ts` describes
 * the layout. One chunk of rows is in memory at a time.
 */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { TokenEmbedding } from "../../model-shards/manifest.ts";
import { sha256Hex } from "../../model-shards/sha256.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { maxMagnitude } from "../quantize/quantize-linear.ts";
import type { Precision } from "../towers/emitter.ts";

const TENSOR = "token_embedding.weight";
const FILE = "token-embedding.data";

/** Rows of a chunk, which is fetched and verified as a whole: 165 kB of int8 at width 640. */
const ROWS_PER_CHUNK = 256;

export async function writeTokenEmbedding(
  folder: string,
  checkpoint: Checkpoint,
  shape: { rows: number; width: number },
  precision: Precision,
): Promise<TokenEmbedding> {
  const { rows, width } = shape;
  const rowBytes = precision === "int8" ? 4 + width : 4 * width;
  const whole = createHash("sha256");
  const chunkHashes: string[] = [];
  const file = await open(join(folder, FILE), "w");
  try {
    for (let start = 0; start < rows; start += ROWS_PER_CHUNK) {
      const end = Math.min(rows, start + ROWS_PER_CHUNK);
      const values = await checkpoint.readRows(TENSOR, start, end);
      const chunk = encodeRows(values, width, rowBytes, precision);
      whole.update(chunk);
      chunkHashes.push(await sha256Hex(chunk));
      await file.write(chunk);
    }
  } finally {
    await file.close();
  }
  return {
    file: FILE,
    bytes: rows * rowBytes,
    sha256: whole.digest("hex"),
    rows,
    width,
    row_bytes: rowBytes,
    rows_per_chunk: ROWS_PER_CHUNK,
    chunk_sha256: chunkHashes,
  };
}

function encodeRows(values: Float32Array, width: number, rowBytes: number, precision: Precision) {
  const rows = values.length / width;
  const bytes = new Uint8Array(rows * rowBytes);
  const view = new DataView(bytes.buffer);
  for (let row = 0; row < rows; row++) {
    const source = values.subarray(row * width, (row + 1) * width);
    const offset = row * rowBytes;
    if (precision === "fp32") {
      source.forEach((value, i) => view.setFloat32(offset + 4 * i, value, true));
      continue;
    }
    const scale = Math.fround(maxMagnitude(source) / 127);
    view.setFloat32(offset, scale, true);
    source.forEach((value, i) => view.setInt8(offset + 4 + i, scale === 0 ? 0 : Math.round(value / scale)));
  }
  return bytes;
}
