/**
 * A model's revision: the first 16 hexadecimal digits of the SHA-256 of its manifest without the `revision`
 * field, as JSON with sorted keys. Every file's hash is in the manifest, so the revision stands for every byte.
 */
import type { Manifest, NewestManifest } from "./manifest.ts";
import { sha256Hex } from "./sha256.ts";

export async function computeRevision(
  manifest: Omit<Manifest, "revision"> | Omit<NewestManifest, "revision">,
): Promise<string> {
  const content = { ...manifest, revision: undefined };
  return (await sha256Hex(new TextEncoder().encode(canonicalJson(content)))).slice(0, 16);
}

/** JSON with sorted keys: its bytes depend on the content alone, not on the order in which keys were set. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
