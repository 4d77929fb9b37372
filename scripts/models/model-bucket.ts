/**
 * The bucket of models: local R2, or the deployment's R2 through wrangler's remote bindings. Both have the same
 * interface.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { R2Bucket } from "@cloudflare/workers-types";
import { getPlatformProxy } from "wrangler";
import { BUCKETS } from "../cloudflare/resource-names.ts";
import { storageFolder } from "../paths.ts";
import { withCleanUp } from "../release/with-clean-up.ts";

/** The option of commands that work on either. */
export const REMOTE_OPTION = {
  type: "boolean",
  default: false,
  about: "on the deployment (default: on what npm start runs on this machine)",
} as const;

export type WithModelBucket = <T>(use: (bucket: R2Bucket) => Promise<T>) => Promise<T>;

/** @param remote true for the deployment's bucket */
export const modelBucket =
  (remote: boolean): WithModelBucket =>
  async (use) => {
    const folder = await mkdtemp(join(tmpdir(), "edgeclip-bucket-"));
    return await withCleanUp(
      async () => {
        const configPath = join(folder, "wrangler.json");
        const config = {
          name: "edgeclip-models",
          compatibility_date: "2026-10-20",
          r2_buckets: [{ binding: "MODELS", bucket_name: BUCKETS.models, remote }],
        };
        await writeFile(configPath, JSON.stringify(config));
        const proxy = await getPlatformProxy<{ MODELS: R2Bucket }>({
          configPath,
          persist: { path: storageFolder() },
          remoteBindings: remote,
        });
        return await withCleanUp(
          () => use(proxy.env.MODELS),
          () => proxy.dispose(),
        );
      },
      () => rm(folder, { recursive: true }),
    );
  };
