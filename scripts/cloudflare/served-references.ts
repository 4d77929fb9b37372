/** What a deployed gateway serves, read off its versions at Cloudflare. */
import type { CloudflareApi } from "./api.ts";
import { GATEWAY_NAME } from "./resource-names.ts";

/** @returns `<alias>@<revision>` of the models, for each of the gateway's deployments, the newest first; the default first */
export async function servedReferences(api: CloudflareApi): Promise<string[][]> {
  if (!(await api.workers()).includes(GATEWAY_NAME)) return [];
  const deployments = await api.deployedVersions(GATEWAY_NAME);
  return await Promise.all(
    deployments.map(async (versions) => {
      const served = await Promise.all(
        versions.map((version) => api.variable(GATEWAY_NAME, version, "SERVED_MODELS")),
      );
      return served.flatMap((list) => list?.split(",") ?? []);
    }),
  );
}
