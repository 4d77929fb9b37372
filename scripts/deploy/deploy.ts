/**
 * `npm run deploy`: everything from an empty Cloudflare account to a service that answers, and the same again after a
 * change. It creates what is missing, sends what is not there, and lets nothing serve that has not been tried.
 */
import { runCommand } from "../../build/command-line/command.ts";
import { readManifest } from "../models/models-in-r2.ts";
import { modelBucket } from "../models/model-bucket.ts";
import { DEMO_MODEL } from "../paths.ts";
import { deploy, folderOf } from "./deploy-models.ts";
import { dryRun } from "./dry-run.ts";

await runCommand(
  {
    usage: "npm run deploy -- [--model <folder or name> …] [--dry-run]",
    about: `From an empty Cloudflare account to a service that answers, and the same again after a change. Without --model, what
serves goes on serving; the first time, the demonstration model. docs/deploy.md says more.`,
    options: {
      model: {
        type: "string",
        value: "<folder or name>",
        multiple: true,
        default: [],
        about: "a model to serve, as often as wanted, the default first",
      },
      "dry-run": { type: "boolean", default: false, about: "bundles all Workers and talks to nobody" },
    },
  },
  async ({ model, "dry-run": isDry }) => {
    if (isDry) {
      const names = model.length > 0 ? model : [DEMO_MODEL];
      const folders = await Promise.all(names.map(async (name) => (await folderOf(name)) ?? name));
      await dryRun(await Promise.all(folders.map((folder) => readManifest(folder))));
    } else {
      const url = await deploy(model, modelBucket(true));
      console.log(`\n${url} answers. A key for it: "npm run keys -- create --account <name> --remote"`);
    }
  },
);
