/**
 * Removes decoders, towers, shards Workers and search Workers that are not used by the serving gateway and not needed
 * for going back.
 */
import { CloudflareApi, type Traffic } from "../cloudflare/api.ts";
import { GATEWAY_NAME } from "../cloudflare/resource-names.ts";
import { BESIDE_NAMES } from "../worker-configs.ts";

/**
 * Names of the Workers that are deployed beside each other: with the hash of their code and settings. Older versions of
 * this project named them with a revision and a stage, or without either.
 */
const BESIDE = new RegExp(`^(?:${BESIDE_NAMES.join("|")})(?:-\\d)?(?:-[0-9a-f]{16}(?:-\\d)?)?$`);

export async function collectGarbage(): Promise<void> {
  const api = await CloudflareApi.open();
  const deployments = await api.deployments(GATEWAY_NAME);
  const versions = keptVersions(deployments.toReversed());
  if (versions.length === 0) throw new Error(`${GATEWAY_NAME} has no deployment; nothing was removed`);
  const used = new Set<string>();
  for (const version of versions) await addBound(api, GATEWAY_NAME, version, used);
  const unused = (await api.workers()).filter((name) => BESIDE.test(name) && !used.has(name));
  for (const name of unused) {
    await api.removeWorker(name);
    console.log(`removed ${name}`);
  }
  const kept = versions.map((version) => `version ${version}`).join(" and ");
  console.log(`kept the Workers that ${kept} of ${GATEWAY_NAME} ${versions.length === 1 ? "uses" : "use"}`);
}

/**
 * The versions of the gateway whose Workers are kept: those that serve, those to go back to, and those that had the
 * traffic just before. After going back, the last two differ: the version that was left had the traffic just before,
 * and the version to go back to is older than both.
 * @param deployments the oldest first
 */
export function keptVersions(deployments: readonly Traffic[]): string[] {
  /**
   * The line of versions that served, the oldest first. Going back to one removes it and all later ones, then adds it
   * again.
   */
  const line: string[][] = [];
  let last: string[] = [];
  for (const traffic of deployments) {
    const versions = traffic.map(({ version_id }) => version_id);
    const current = line.at(-1) ?? [];
    if (isSame(versions, current)) continue;
    last = current;
    const at = line.findIndex((each) => isSame(each, versions));
    line.splice(at === -1 ? line.length : at, Infinity, versions);
  }
  return [...new Set([...line.slice(-2).toReversed().flat(), ...last])];
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.toSorted().join() === b.toSorted().join();
}

/** Adds the Workers that a version is bound to, directly or through others. */
async function addBound(
  api: CloudflareApi,
  worker: string,
  version: string,
  used: Set<string>,
): Promise<void> {
  for (const { type, service } of await api.bindings(worker, version)) {
    if (type !== "service" || service === undefined || used.has(service)) continue;
    used.add(service);
    const [serving = []] = await api.deployments(service);
    for (const { version_id } of serving) await addBound(api, service, version_id, used);
  }
}
