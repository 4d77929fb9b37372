/**
 * `npm run deploy [-- --model <folder or name> …] [--dry-run]`: everything from an empty Cloudflare account to a service
 * that answers, and the same again after a change. It creates what is missing, sends what is not there, and lets nothing
 * serve that has not been tried. Without `--model`, what serves goes on serving; the first time, the demonstration model.
 *
 * `--dry-run` bundles all Workers and talks to nobody.
 */
import { access } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import type { Manifest } from "../../model-shards/manifest.ts";
import { ROOT } from "../local/state.ts";
import { findModel, putModel, readManifest, storedModels } from "../models-in-r2.ts";
import { openModelBucket } from "../models/open-bucket.ts";
import { release } from "../release/release.ts";
import { smokeTest } from "../release/smoke-test.ts";
import { CloudflareApi } from "./api.ts";
import { dryRun } from "./dry-run.ts";
import { withOperatorKey } from "./operator-key.ts";
import { GATEWAY_NAME } from "./resource-names.ts";
import { ensureResources } from "./resources.ts";
import { makeSecrets, readSecrets, SECRETS_FILE } from "./secrets.ts";
import { servedReferences } from "./served-references.ts";
import { cloudflareTarget } from "./target.ts";

const SHARDS = join(ROOT, "model-shards");
const FIRST_MODEL = join(SHARDS, "edgeclip-demo");

/** The folder of a built model that a name means; undefined if it is not built here. */
async function folderOf(name: string): Promise<string | undefined> {
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
async function pushAndFind(names: readonly string[]): Promise<Manifest[]> {
  const { bucket, close } = await openModelBucket(true);
  try {
    const manifests: Manifest[] = [];
    for (const name of names) {
      const folder = await folderOf(name);
      if (folder === undefined) {
        manifests.push(findModel(await storedModels(bucket), name));
        continue;
      }
      const { files, bytes } = await putModel(bucket, folder);
      console.log(`${basename(folder)} in R2: ${files} files sent, ${(bytes / 1e6).toFixed(1)} MB`);
      manifests.push(await readManifest(folder));
    }
    return manifests;
  } finally {
    await close();
  }
}

async function deploy(named: readonly string[]): Promise<void> {
  const api = await CloudflareApi.open();
  await ensureResources(api, console.log);
  const isFirst = !(await api.workers()).includes(GATEWAY_NAME);
  const [serving] = await servedReferences(api);
  const manifests = await pushAndFind(named.length > 0 ? named : (serving ?? [FIRST_MODEL]));
  if (isFirst && (await readSecrets()) === undefined) {
    await makeSecrets();
    console.log(`made ${basename(SECRETS_FILE)}: keep it, API keys cannot be made or checked without it`);
  }
  const url = await api.liveUrl(GATEWAY_NAME);
  await withOperatorKey(async (key) => {
    await release(await cloudflareTarget(api, key), manifests, console.log);
    for (const manifest of manifests) await smokeTest(url, key, manifest);
  });
  console.log(`\n${url} answers.`);
  if (isFirst) console.log('A key for it: "npm run keys -- create --account <name> --remote"');
}

const { values } = parseArgs({
  options: {
    model: { type: "string", multiple: true, default: [] },
    "dry-run": { type: "boolean", default: false },
  },
});
try {
  if (values["dry-run"]) {
    const names = values.model.length > 0 ? values.model : [FIRST_MODEL];
    const folders = await Promise.all(names.map(async (name) => (await folderOf(name)) ?? name));
    await dryRun(await Promise.all(folders.map((folder) => readManifest(folder))));
  } else {
    await deploy(values.model);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
