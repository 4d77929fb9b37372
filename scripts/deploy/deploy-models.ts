/**
 * Deploys to Cloudflare, the first time and after every change: creates missing resources, sends missing files, and
 * lets new Workers serve only after they were tested.
 */
import { basename } from "node:path";
import type { R2Bucket } from "@cloudflare/workers-types";
import type { Manifest } from "../../model-shards/manifest.ts";
import { DEMO_MODEL, secretsFile } from "../paths.ts";
import { builtFolder } from "../models/built-folder.ts";
import { findModel, putModel, storedModels } from "../models/models-in-r2.ts";
import { readManifest } from "../models/read-manifest.ts";
import type { WithModelBucket } from "../models/model-bucket.ts";
import { release } from "../release/release.ts";
import { CloudflareApi } from "../cloudflare/api.ts";
import { withFailureReport } from "../cloudflare/failure-report.ts";
import { checkPrerequisites } from "../cloudflare/prerequisites.ts";
import { withOperatorKey } from "../keys/operator-key.ts";
import { NAMESPACES } from "../cloudflare/resource-names.ts";
import { ensureResources } from "../cloudflare/resources.ts";
import { makeSecrets, readSecrets } from "../cloudflare/secrets.ts";
import { servedBy } from "../cloudflare/served-references.ts";
import { cloudflareTarget } from "../cloudflare/target.ts";
import { megabytes } from "../../build/report/megabytes.ts";

/**
 * Sends the models that are built on this machine, and finds the others in R2.
 * @param log called for each model sent
 */
async function pushAndFind(
  names: readonly string[],
  bucket: R2Bucket,
  log: (line: string) => void,
): Promise<Manifest[]> {
  const manifests: Manifest[] = [];
  for (const name of names) {
    const folder = await builtFolder(name);
    if (folder === undefined) {
      manifests.push(findModel(await storedModels(bucket), name));
      continue;
    }
    const { files, bytes } = await putModel(bucket, folder);
    log(`${basename(folder)} in R2: ${files} files sent, ${megabytes(bytes)} MB`);
    manifests.push(await readManifest(folder));
  }
  return manifests;
}

/**
 * @param named folders, or names as `findModel` takes them; if there are none, the models do not change
 * @param withBucket gives access to the bucket of models
 * @param patience seconds within which a new deployment must answer
 * @returns the public URL
 * @throws Error that says what failed, what was done, what serves and how to go back; see `failure-report.ts`
 */
export async function deploy(
  named: readonly string[],
  withBucket: WithModelBucket,
  patience?: number,
): Promise<string> {
  const api = await CloudflareApi.open();
  return await withFailureReport(api, console.log, async (log, former) => {
    await checkPrerequisites(api);
    const kvIds = await ensureResources(api, log);
    const serving = former === undefined ? undefined : await servedBy(api, former);
    const names = named.length > 0 ? named : (serving ?? [DEMO_MODEL]);
    const manifests = await withBucket((bucket) => pushAndFind(names, bucket, log));
    if (former === undefined && (await readSecrets()) === undefined) {
      await makeSecrets();
      log(`made ${basename(secretsFile())}: keep this file, API keys cannot be made or checked without it`);
    }
    return await withOperatorKey(api, kvIds.get(NAMESPACES.keys) ?? "", log, async (key) => {
      const target = cloudflareTarget(api, key, kvIds, former);
      return await release(patience === undefined ? target : { ...target, patience }, manifests, log);
    });
  });
}
