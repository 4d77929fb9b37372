/**
 * Caches label matrices in KV, by model revision. A key is the hash of the content, and the value has a checksum. So an
 * entry is never wrong, only missing.
 */
import { DEADLINES, withDeadline } from "../../runtime/deadline.ts";
import type { EmbedContext } from "../embed/embed-context.ts";
import { warn } from "../../runtime/warn.ts";
import type { UsedMatrix } from "./matrix-memory.ts";
import {
  type LabelMatrix,
  MATRIX_FORMAT,
  writeMatrixChecksum,
  unpackMatrix,
} from "../../label-sets/label-matrix.ts";

/** The largest value that KV takes. */
const MAX_BYTES = 25 * 1024 * 1024;
/** Lifetime of an entry, seconds. */
const TIME_TO_LIVE = 30 * 24 * 3600;

/** If KV fails, the matrix is loaded from R2 or computed again; the request does not fail. */
export async function readMatrix(
  name: string,
  { env, manifest, timings }: EmbedContext,
): Promise<LabelMatrix | undefined> {
  try {
    const asked = env.CACHE.get(matrixKey(name, manifest.revision), "arrayBuffer");
    const value = await timings
      .measure("cache", () => withDeadline(DEADLINES.kv, () => asked))
      .catch((error: unknown) => {
        // By the time that a late value comes, the matrix is read from R2, and there is room for one of them.
        asked.then((late) => late?.transfer(0)).catch(() => {});
        throw error;
      });
    return value === null ? undefined : await unpackMatrix(value, manifest.embedding_width, name);
  } catch (error) {
    warn("label cache not readable", error);
    return undefined;
  }
}

/** Stores a matrix after the response, and then releases it. */
export function writeMatrix(name: string, { matrix, release }: UsedMatrix, context: EmbedContext): void {
  if (matrix.packed.byteLength > MAX_BYTES) return release();
  context.waitUntil(
    withDeadline(DEADLINES.kvWrite, () => put(name, matrix, context))
      .catch((error: unknown) => warn("label cache not writable", error))
      .finally(release),
  );
}

async function put(name: string, matrix: LabelMatrix, { env, manifest }: EmbedContext): Promise<void> {
  await writeMatrixChecksum(matrix, name);
  const options = { expirationTtl: TIME_TO_LIVE };
  await env.CACHE.put(matrixKey(name, manifest.revision), matrix.packed, options);
}

export async function removeMatrix(name: string, revision: string, kv: KVNamespace): Promise<void> {
  try {
    await withDeadline(DEADLINES.kv, () => kv.delete(matrixKey(name, revision)));
  } catch (error) {
    warn("label cache not writable", error);
  }
}

function matrixKey(name: string, revision: string): string {
  return `${MATRIX_FORMAT}/${revision}/${name}`;
}
