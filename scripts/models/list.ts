/** `npm run model:list`: shows the models in R2, and which of them serve. */
import { runCommand } from "../../build/command-line/command.ts";
import { modelFiles } from "../../model-shards/model-files.ts";
import { CloudflareApi } from "../cloudflare/api.ts";
import { servedReferences } from "../cloudflare/served-references.ts";
import { localReferences } from "../start/control.ts";
import { storedModels } from "./models-in-r2.ts";
import { modelReference } from "../../model-shards/model-reference.ts";
import { modelBucket, REMOTE_OPTION } from "./model-bucket.ts";
import { megabytes } from "../../build/report/megabytes.ts";

async function listModels(remote: boolean): Promise<void> {
  const stored = await modelBucket(remote)(storedModels);
  const serving = remote ? await servedReferences(await CloudflareApi.open()) : await localReferences();
  const rows = stored.map(({ manifest, uploaded }) => {
    const bytes = modelFiles(manifest).reduce((sum, file) => sum + file.bytes, 0);
    const place = serving.indexOf(modelReference(manifest));
    return {
      model: modelReference(manifest),
      id: manifest.id,
      pixels: manifest.image.size,
      precision: manifest.precision,
      MB: Number(megabytes(bytes)),
      pushed: uploaded.toISOString().slice(0, 16),
      serves: place === -1 ? "" : place === 0 ? "by default" : "yes",
    };
  });
  if (rows.length === 0)
    console.log("There is no model in R2 yet. To put one there: npm run model:push -- <folder>");
  else console.table(rows);
}

await runCommand(
  {
    usage: "npm run model:list -- [--remote]",
    about: "Shows the models in R2, and which of them serve.",
    options: { remote: REMOTE_OPTION },
  },
  ({ remote }) => listModels(remote),
);
