/**
 * Shows what a deployment would do, without contacting Cloudflare. Every Worker is bundled, and its size is checked.
 */
import type { Manifest } from "../../model-shards/manifest.ts";
import { modelFiles } from "../../model-shards/model-files.ts";
import { modelReference } from "../../model-shards/model-reference.ts";
import { BUCKETS, NAMESPACES, QUEUES } from "../cloudflare/resource-names.ts";
import { readSecrets } from "../cloudflare/secrets.ts";
import { deploymentConfigs, inOrder } from "../cloudflare/target.ts";
import { wranglerUpload } from "../cloudflare/wrangler.ts";
import { megabytes } from "../../build/report/megabytes.ts";

/** Cloudflare's limit for one Worker, bytes. Until September 2026, there was one for its gzipped size as well. */
const MAX_BYTES = 64 * 1024 * 1024;

/** @throws Error if a Worker is too large */
export async function dryRun(manifests: readonly Manifest[]): Promise<void> {
  console.log(`R2 buckets     ${Object.values(BUCKETS).join(", ")}`);
  console.log(`KV namespaces  ${Object.values(NAMESPACES).join(", ")}`);
  console.log(`queues         ${QUEUES.join(", ")}`);
  for (const manifest of manifests) {
    const files = modelFiles(manifest);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    console.log(
      `model          ${modelReference(manifest)}: ${files.length + 1} files, ${megabytes(bytes, 2)} MB`,
    );
  }
  const secrets = (await readSecrets()) === undefined ? "KEY_PEPPER, to be made" : "KEY_PEPPER";
  console.log(`secrets        ${secrets}`);
  console.log("Workers, in this order:");
  const configs = await deploymentConfigs(manifests, new Map());
  const { beside, state, search, gateway, followers } = inOrder(configs);
  let isTooLarge = false;
  for (const { name, path } of [...beside, state, search, gateway, ...followers]) {
    const { bundle_size: size } = await wranglerUpload(["deploy", "--dry-run", "-c", path]);
    if (size == null) throw new Error(`wrangler did not report the size of ${name}`);
    const fits = size.raw_bytes <= MAX_BYTES;
    isTooLarge ||= !fits;
    console.log(
      `  ${name.padEnd(40)} ${megabytes(size.raw_bytes, 2)} of ${megabytes(MAX_BYTES, 2)} MB, ` +
        `gzipped ${megabytes(size.gzip_bytes, 2)} MB${fits ? "" : "  TOO LARGE"}`,
    );
  }
  if (isTooLarge) throw new Error("a Worker is larger than Cloudflare allows");
  console.log("then: smoke test, stored label sets, all traffic to the new gateway, smoke test at its URL");
}
