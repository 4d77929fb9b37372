/** Which versions serve, and how a former version gets the traffic back: by this program, or by hand. */
import { isDeepStrictEqual } from "node:util";
import type { CloudflareApi, Traffic } from "./api.ts";
import { GATEWAY_NAME } from "./resource-names.ts";

/** The gateway's versions that have traffic now; undefined if there is no gateway. */
export async function trafficNow(api: CloudflareApi): Promise<Traffic | undefined> {
  if (!(await api.workers()).includes(GATEWAY_NAME)) return undefined;
  const [now] = await api.deployments(GATEWAY_NAME);
  return now;
}

/** The ids of versions, as text for a sentence. */
export function versionsOf(traffic: Traffic): string {
  return traffic
    .map(({ version_id, percentage }) =>
      percentage === 100 ? version_id : `${version_id} (${percentage} %)`,
    )
    .join(" and ");
}

/** The command that gives traffic back by hand. */
export function rollbackCommand(traffic: Traffic): string {
  const [only, ...others] = traffic;
  if (only !== undefined && others.length === 0) {
    return `npx wrangler rollback ${only.version_id} --name ${GATEWAY_NAME}`;
  }
  const versions = traffic.map(({ version_id, percentage }) => `${version_id}@${percentage}%`);
  return `npx wrangler versions deploy ${versions.join(" ")} --yes --name ${GATEWAY_NAME}`;
}

/**
 * Gives a Worker's traffic back to its former versions. First asks Cloudflare which versions have it, because a command
 * may have failed before or after it moved the traffic.
 */
export async function giveBack(
  api: CloudflareApi,
  worker: string,
  former: Traffic,
  log: (line: string) => void,
): Promise<void> {
  const isUnmoved = await api.deployments(worker).then(
    ([now]) => isDeepStrictEqual(now, former),
    () => false,
  );
  if (isUnmoved) return;
  await api.deployVersions(worker, former);
  log(`all traffic of ${worker} is back at version ${versionsOf(former)}`);
}
