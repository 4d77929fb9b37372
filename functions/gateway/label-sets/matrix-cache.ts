/** Label matrices in KV, by model revision. Keys are hashes of what is in them, so an entry is right or missing. */
import type { EmbedContext } from "../embed/embed-context.ts";
import { warn } from "../warn.ts";
import { type LabelMatrix, unpackMatrix } from "./label-matrix.ts";

/** Part of every key; changes with the layout of the values. */
const FORMAT = "labels1";
/** The largest value that KV takes. */
const MAX_BYTES = 25 * 1024 * 1024;
/** Seconds. */
const TIME_TO_LIVE = 30 * 24 * 3600;

/** KV failing costs time, not answers. */
export async function readMatrix(
  name: string,
  { env, manifest, timings }: EmbedContext,
): Promise<LabelMatrix | undefined> {
  try {
    const value = await timings.measure("cache", () =>
      env.CACHE.get(matrixKey(name, manifest.revision), "arrayBuffer"),
    );
    return value === null ? undefined : unpackMatrix(value, manifest.embedding_width);
  } catch (error) {
    warn("label cache not readable", error);
    return undefined;
  }
}

/** Stores a matrix after the response. */
export function writeMatrix(name: string, { packed }: LabelMatrix, context: EmbedContext): void {
  if (packed.byteLength > MAX_BYTES) return;
  const { env, manifest, waitUntil } = context;
  const written = env.CACHE.put(matrixKey(name, manifest.revision), packed, { expirationTtl: TIME_TO_LIVE });
  waitUntil(
    written.catch((error: unknown) => {
      warn("label cache not writable", error);
    }),
  );
}

export async function removeMatrix(name: string, { env, manifest }: EmbedContext): Promise<void> {
  await env.CACHE.delete(matrixKey(name, manifest.revision)).catch((error: unknown) => {
    warn("label cache not writable", error);
  });
}

function matrixKey(name: string, revision: string): string {
  return `${FORMAT}/${revision}/${name}`;
}
