/**
 * `npm run deploy [-- --model <folder or name> …] [--dry-run]`: everything from an empty Cloudflare account to a service
 * that answers, and the same again after a change. It creates what is missing, sends what is not there, and lets nothing
 * serve that has not been tried. Without `--model`, what serves goes on serving; the first time, the demonstration model.
 *
 * `--dry-run` bundles all Workers and talks to nobody.
 */
import { parseArgs } from "node:util";
import { readManifest } from "../models-in-r2.ts";
import { modelBucket } from "../models/model-bucket.ts";
import { deploy, FIRST_MODEL, folderOf } from "./deploy.ts";
import { dryRun } from "./dry-run.ts";

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
    const url = await deploy(values.model, modelBucket(true));
    console.log(`\n${url} answers. A key for it: "npm run keys -- create --account <name> --remote"`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
