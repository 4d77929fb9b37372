/**
 * Everything from an empty account to a service that answers, and the same again after a change: creates what is missing,
 * sends what is not there, and puts nothing in the place of what serves that has not been tried.
 */
import { access } from "node:fs/promises";
import { basename, join } from "node:path";
import type { R2Bucket } from "@cloudflare/workers-types";
import type { Manifest } from "../../model-shards/manifest.ts";
import { DEMO_MODEL, modelsFolder, secretsFile } from "../paths.ts";
import { findModel, putModel, readManifest, storedModels } from "../models/models-in-r2.ts";
import type { WithModelBucket } from "../models/model-bucket.ts";
import { release } from "../release/release.ts";
import { CloudflareApi } from "../cloudflare/api.ts";
import { withFailureReport } from "../cloudflare/failure-report.ts";
import { withOperatorKey } from "../cloudflare/operator-key.ts";
import { NAMESPACES } from "../cloudflare/resource-names.ts";
import { ensureResources } from "../cloudflare/resources.ts";
import { makeSecrets, readSecrets } from "../cloudflare/secrets.ts";
import { servedBy } from "../cloudflare/served-references.ts";
import { cloudflareTarget } from "../cloudflare/target.ts";
import { megabytes } from "../../build/report/megabytes.ts";

/** The folder of a built model that a name means; undefined if it is not built here. */
export async function folderOf(name: string): Promise<string | undefined> {
  for (const folder of [name, join(modelsFolder(), name)]) {
    const isBuilt = await access(join(folder, "manifest.json")).then(
      () => true,
      () => false,
    );
    if (isBuilt) return folder;
  }
  return undefined;
}

/** Sends those of the models that are built here, and finds the others in R2. @param say told what was sent */
async function pushAndFind(
  names: readonly string[],
  bucket: R2Bucket,
  say: (line: string) => void,
): Promise<Manifest[]> {
  const manifests: Manifest[] = [];
  for (const name of names) {
    const folder = await folderOf(name);
    if (folder === undefined) {
      manifests.push(findModel(await storedModels(bucket), name));
      continue;
    }
    const { files, bytes } = await putModel(bucket, folder);
    say(`${basename(folder)} in R2: ${files} files sent, ${megabytes(bytes)} MB`);
    manifests.push(await readManifest(folder));
  }
  return manifests;
}

/**
 * @param named folders, or names as `findModel` takes them; what serves goes on serving if there are none
 * @param withBucket of models
 * @param patience how long a new deployment may take to answer; seconds
 * @returns the URL that answers
 * @throws Error saying what failed, what was done, what serves and how to go back; see `failure-report.ts`
 */
export async function deploy(
  named: readonly string[],
  withBucket: WithModelBucket,
  patience?: number,
): Promise<string> {
  const api = await CloudflareApi.open();
  return await withFailureReport(api, console.log, async (say, former) => {
    const kvIds = await ensureResources(api, say);
    const serving = former === undefined ? undefined : await servedBy(api, former);
    const names = named.length > 0 ? named : (serving ?? [DEMO_MODEL]);
    const manifests = await withBucket((bucket) => pushAndFind(names, bucket, say));
    if (former === undefined && (await readSecrets()) === undefined) {
      await makeSecrets();
      say(`made ${basename(secretsFile())}: keep it, API keys cannot be made or checked without it`);
    }
    return await withOperatorKey(api, kvIds.get(NAMESPACES.keys) ?? "", say, async (key) => {
      const target = cloudflareTarget(api, key, kvIds, former);
      return await release(patience === undefined ? target : { ...target, patience }, manifests, say);
    });
  });
}
