/** A real local R2 for label sets, without Workers, for the tests of a file. */
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll } from "vitest";

/** @returns gives the bucket, once the tests run */
export function useLocalSets(): () => R2Bucket {
  let miniflare: Miniflare;
  let bucket: R2Bucket;
  beforeAll(async () => {
    miniflare = new Miniflare(
      convertV4MiniflareOptions({
        modules: [{ type: "ESModule", path: "index.js", contents: "export default {};" }],
        compatibilityDate: "2026-10-20",
        r2Buckets: { SETS: "sets" },
      }),
    );
    bucket = (await miniflare.getR2Bucket("SETS")) as unknown as R2Bucket;
  });
  afterAll(async () => {
    await miniflare.dispose();
  });
  return () => bucket;
}
