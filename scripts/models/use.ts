/** Lets other models serve: those of a running `npm start`, or the deployment's. */
import { CloudflareApi } from "../cloudflare/api.ts";
import { withFailureReport } from "../cloudflare/failure-report.ts";
import { withOperatorKey } from "../cloudflare/operator-key.ts";
import { cloudflareTarget } from "../cloudflare/target.ts";
import { orderUse } from "../local/control.ts";
import { findModel, storedModels } from "../models-in-r2.ts";
import { release } from "../release/release.ts";
import { modelBucket } from "./model-bucket.ts";
import { NAMESPACES } from "../cloudflare/resource-names.ts";
import { ensureResources } from "../cloudflare/resources.ts";

/** @param models as `findModel` takes them, the default first */
export async function useModels(models: readonly string[], remote: boolean): Promise<void> {
  if (!remote) {
    await orderUse(models, console.log);
    return;
  }
  const stored = await modelBucket(true)(storedModels);
  const manifests = models.map((name) => findModel(stored, name));
  const api = await CloudflareApi.open();
  await withFailureReport(api, console.log, async (say, former) => {
    const kvIds = await ensureResources(api, say);
    await withOperatorKey(api, kvIds.get(NAMESPACES.keys) ?? "", say, (key) =>
      release(cloudflareTarget(api, key, kvIds, former), manifests, say),
    );
  });
}
