/** Objects of a model in R2, right and wrong in every way. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ServiceError } from "../../../../functions/runtime/errors.ts";
import type { ObjectReader } from "../../../../functions/runtime/model-store/read-verified.ts";
import { type Manifest, manifestSchema } from "../../../../model-shards/manifest.ts";
import { byteStream } from "../../../support/bytes.ts";

/** The model that is committed. */
const DEMO_MODEL = join(import.meta.dirname, "../../../../model-shards/edgeclip-demo");
export const CONTENT = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) >> 3);
export const EXPECTED = { bytes: CONTENT.length, sha256: createHash("sha256").update(CONTENT).digest("hex") };

export interface Stored {
  body: Uint8Array;
  size?: number;
  breaks?: boolean;
}

/** A byte stream in pieces. */
export function streamOf(body: Uint8Array, breaks = false): ReadableStream<Uint8Array> {
  return byteStream(body, 70_000, { breaks });
}

/** A bucket with one object, or none. */
export function bucketOf(stored: Stored | null | Error): ObjectReader & { asked: unknown[] } {
  const asked: unknown[] = [];
  return {
    asked,
    get: async (key, options) => {
      asked.push([key, options]);
      if (stored instanceof Error) throw stored;
      if (stored === null) return null;
      const { offset = 0, length = stored.body.length } = options?.range ?? {};
      const body = stored.body.subarray(offset, offset + length);
      return { size: stored.size ?? stored.body.length, body: streamOf(body, stored.breaks) };
    },
  };
}

export const changed = Uint8Array.from(CONTENT);
changed[299_999] = (changed[299_999] ?? 0) ^ 1;

export const WRONG: [what: string, stored: Stored | null | Error, message: string][] = [
  ["is missing", null, "model file a/b: it is missing"],
  ["cannot be read", new Error("down"), "model file a/b: reading it failed"],
  [
    "is shorter",
    { body: CONTENT.subarray(1) },
    "model file a/b: it has 299999 bytes, the manifest says 300000",
  ],
  [
    "ends early",
    { body: CONTENT.subarray(0, 100_000), size: 300_000 },
    "model file a/b: it ended after 100000 of 300000 bytes",
  ],
  [
    "breaks off",
    { body: CONTENT.subarray(0, 100_000), size: 300_000, breaks: true },
    "model file a/b: reading it failed",
  ],
  ["has a bit changed", { body: changed }, "model file a/b: its SHA-256 is not the manifest's"],
];

export async function refusal(work: Promise<unknown>): Promise<[code: string, message: string]> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof ServiceError)) throw new Error("it was not refused", { cause: error });
  return [error.code, error.message];
}

/** The manifest of the committed model, changed or as it is. */
export const storedManifest = async (
  change: (manifest: Manifest) => unknown = (same) => same,
): Promise<Stored> => {
  const text = await readFile(join(DEMO_MODEL, "manifest.json"), "utf8");
  const manifest = manifestSchema.parse(JSON.parse(text));
  return { body: new TextEncoder().encode(JSON.stringify(change(manifest))) };
};
export const reference = async (): Promise<string> => {
  const { alias, revision } = manifestSchema.parse(
    JSON.parse(await readFile(join(DEMO_MODEL, "manifest.json"), "utf8")),
  );
  return `${alias}@${revision}`;
};
