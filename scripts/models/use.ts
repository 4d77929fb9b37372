/** `npm run model:use`: changes which models a running `npm start`, or the deployment, serves. */
import { runCommand } from "../../build/command-line/command.ts";
import { CloudflareApi } from "../cloudflare/api.ts";
import { withFailureReport } from "../cloudflare/failure-report.ts";
import { withOperatorKey } from "../keys/operator-key.ts";
import { cloudflareTarget } from "../cloudflare/target.ts";
import { orderUse } from "../start/control.ts";
import { findModel, storedModels } from "./models-in-r2.ts";
import { release } from "../release/release.ts";
import { modelBucket, REMOTE_OPTION } from "./model-bucket.ts";
import { NAMESPACES } from "../cloudflare/resource-names.ts";
import { ensureResources } from "../cloudflare/resources.ts";

/** @param models as `findModel` takes them, the default first */
async function useModels(models: readonly string[], remote: boolean): Promise<void> {
  if (!remote) {
    await orderUse(models, console.log);
    return;
  }
  const stored = await modelBucket(true)(storedModels);
  const manifests = models.map((name) => findModel(stored, name));
  const api = await CloudflareApi.open();
  await withFailureReport(api, console.log, async (log, former) => {
    const kvIds = await ensureResources(api, log);
    await withOperatorKey(api, kvIds.get(NAMESPACES.keys) ?? "", log, (key) =>
      release(cloudflareTarget(api, key, kvIds, former), manifests, log),
    );
  });
}

await runCommand(
  {
    usage: "npm run model:use -- <model>[@<revision>] … [--remote]",
    about: `Serves these models from now on, the first by default, without a failed request. To go back, name the former
models.`,
    words: ["<model>[@<revision>] …"],
    options: { remote: REMOTE_OPTION },
  },
  ({ remote }, models) => useModels(models, remote),
);
