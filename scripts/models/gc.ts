/** Removes tower Workers that nothing serves from, and that the last change would not need for its way back. */
import { CloudflareApi } from "../cloudflare/api.ts";
import { servedReferences } from "../cloudflare/served-references.ts";

/** Towers are named after their revision; see `worker-configs.ts`. */
const TOWER = /^edgeclip-(?:vision|text)-([0-9a-f]{16})(?:-\d+)?$/;

/** Deployments of the gateway whose towers stay: the present one, and the one before. */
const KEPT = 2;

export async function collectGarbage(_parameters: readonly string[], remote: boolean): Promise<void> {
  if (!remote) throw new Error("here, towers end with what they served; say --remote for the deployment");
  const api = await CloudflareApi.open();
  const kept = (await servedReferences(api)).slice(0, KEPT).flat();
  if (kept.length === 0) throw new Error("the deployment does not say what it serves; nothing was removed");
  const revisions = new Set(kept.map((reference) => reference.split("@")[1]));
  for (const name of await api.workers()) {
    const [, revision] = TOWER.exec(name) ?? [];
    if (revision === undefined || revisions.has(revision)) continue;
    await api.removeWorker(name);
    console.log(`removed ${name}`);
  }
  console.log(`kept ${[...new Set(kept)].join(", ")}`);
}
