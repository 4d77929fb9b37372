/** Which versions of the gateway served, and what a person does to have a former one serve again. */
import type { CloudflareApi, Traffic } from "./api.ts";
import { GATEWAY_NAME } from "./resource-names.ts";

/** The gateway's versions that have traffic now; undefined if there is none. */
export async function trafficNow(api: CloudflareApi): Promise<Traffic | undefined> {
  if (!(await api.workers()).includes(GATEWAY_NAME)) return undefined;
  const [now] = await api.deployments(GATEWAY_NAME);
  return now;
}

/** Their ids, as a sentence has them. */
export function versionsOf(traffic: Traffic): string {
  return traffic
    .map(({ version_id, percentage }) =>
      percentage === 100 ? version_id : `${version_id} (${percentage} %)`,
    )
    .join(" and ");
}

/** Gives traffic back by hand. */
export function rollbackCommand(traffic: Traffic): string {
  const [only, ...others] = traffic;
  if (only !== undefined && others.length === 0) {
    return `npx wrangler rollback ${only.version_id} --name ${GATEWAY_NAME}`;
  }
  const versions = traffic.map(({ version_id, percentage }) => `${version_id}@${percentage}%`);
  return `npx wrangler versions deploy ${versions.join(" ")} --yes --name ${GATEWAY_NAME}`;
}
