/**
 * Everything from an empty account to a service that answers, and the same again after a change: creates what is missing,
 * sends what is not there, and lets nothing serve that has not been tried.
 */
import { access } from "node:fs/promises";
import { basename, join } from "node:path";
import type { R2Bucket } from "@cloudflare/workers-types";
import type { Manifest } from "../../model-shards/manifest.ts";
import { ROOT } from "../local/state.ts";
import { findModel, putModel, readManifest, storedModels } from "../models-in-r2.ts";
import type { WithModelBucket } from "../models/model-bucket.ts";
import { release } from "../release/release.ts";
import { smokeTest } from "../release/smoke-test.ts";
import { CloudflareApi } from "./api.ts";
import { withOperatorKey } from "./operator-key.ts";
import { GATEWAY_NAME } from "./resource-names.ts";
import { ensureResources } from "./resources.ts";
import { makeSecrets, readSecrets, SECRETS_FILE } from "./secrets.ts";
import { servedReferences } from "./served-references.ts";
import { cloudflareTarget } from "./target.ts";
import { megabytes } from "../../build/report/megabytes.ts";

const SHARDS = join(ROOT, "model-shards");
/** What serves when nothing else was asked for yet. */
export const FIRST_MODEL = join(SHARDS, "edgeclip-demo");

/** The folder of a built model that a name means; undefined if it is not built here. */
export async function folderOf(name: string): Promise<string | undefined> {
  for (const folder of [name, join(SHARDS, name)]) {
    const isBuilt = await access(join(folder, "manifest.json")).then(
      () => true,
      () => false,
    );
    if (isBuilt) return folder;
  }
  return undefined;
}

/** Sends those of the models that are built here, and finds the others in R2. */
async function pushAndFind(names: readonly string[], bucket: R2Bucket): Promise<Manifest[]> {
  const manifests: Manifest[] = [];
  for (const name of names) {
    const folder = await folderOf(name);
    if (folder === undefined) {
      manifests.push(findModel(await storedModels(bucket), name));
      continue;
    }
    const { files, bytes } = await putModel(bucket, folder);
    console.log(`${basename(folder)} in R2: ${files} files sent, ${megabytes(bytes)} MB`);
    manifests.push(await readManifest(folder));
  }
  return manifests;
}

/**
 * @param named folders, or names as `findModel` takes them; what serves goes on serving if there are none
 * @param withBucket of models
 * @returns the URL that answers
 * @throws Error saying what failed; what served before goes on serving
 */
export async function deploy(named: readonly string[], withBucket: WithModelBucket): Promise<string> {
  const api = await CloudflareApi.open();
  const kvIds = await ensureResources(api, console.log);
  const [serving] = await servedReferences(api);
  const names = named.length > 0 ? named : (serving ?? [FIRST_MODEL]);
  const manifests = await withBucket((bucket) => pushAndFind(names, bucket));
  if (serving === undefined && (await readSecrets()) === undefined) {
    await makeSecrets();
    console.log(`made ${basename(SECRETS_FILE)}: keep it, API keys cannot be made or checked without it`);
  }
  return await withOperatorKey(async (key) => {
    await release(cloudflareTarget(api, key, kvIds), manifests, console.log);
    const url = await api.liveUrl(GATEWAY_NAME);
    for (const manifest of manifests) await smokeTest(url, key, manifest);
    return url;
  });
}
