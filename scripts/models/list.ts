/** Shows the models in R2, and which of them serve. */
import { modelFiles } from "../../model-shards/model-files.ts";
import { CloudflareApi } from "../cloudflare/api.ts";
import { servedReferences } from "../cloudflare/served-references.ts";
import { localReferences } from "../local/control.ts";
import { storedModels } from "../models-in-r2.ts";
import { modelReference } from "../../model-shards/model-reference.ts";
import { modelBucket } from "./model-bucket.ts";
import { megabytes } from "../../build/report/megabytes.ts";

export async function listModels(_parameters: readonly string[], remote: boolean): Promise<void> {
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
  if (rows.length === 0) console.log('no models yet: "npm run model:push"');
  else console.table(rows);
}
