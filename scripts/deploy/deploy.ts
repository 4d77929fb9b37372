/**
 * `npm run deploy`: deploys to Cloudflare, the first time and after every change. It creates missing resources, sends
 * missing files, and lets new Workers serve only after they were tested.
 */
import { runCommand } from "../../build/command-line/command.ts";
import { builtFolder } from "../models/built-folder.ts";
import { readManifest } from "../models/read-manifest.ts";
import { modelBucket } from "../models/model-bucket.ts";
import { DEMO_MODEL } from "../paths.ts";
import { deploy } from "./deploy-models.ts";
import { dryRun } from "./dry-run.ts";

await runCommand(
  {
    usage: "npm run deploy -- [--model <folder or name> …] [--dry-run]",
    about: `Deploys to Cloudflare, the first time and after every change. Without --model, the served models stay the same; the first
time, it is the demonstration model. docs/deploy.md explains each step.`,
    options: {
      model: {
        type: "string",
        value: "<folder or name>",
        multiple: true,
        default: [],
        about: "a model to serve; may be repeated, the first is the default",
      },
      "dry-run": { type: "boolean", default: false, about: "bundles all Workers and sends nothing" },
    },
  },
  async ({ model, "dry-run": isDry }) => {
    if (isDry) {
      const names = model.length > 0 ? model : [DEMO_MODEL];
      const folders = await Promise.all(names.map(async (name) => (await builtFolder(name)) ?? name));
      await dryRun(await Promise.all(folders.map((folder) => readManifest(folder))));
    } else {
      const url = await deploy(model, modelBucket(true));
      console.log(`\n${url} answers. To make an API key: npm run keys -- create --account <name> --remote`);
    }
  },
);
