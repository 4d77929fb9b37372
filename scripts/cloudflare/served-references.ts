/** The models that a deployed gateway serves, read from its versions at Cloudflare. */
import type { CloudflareApi, Traffic } from "./api.ts";
import { trafficNow } from "./going-back.ts";
import { GATEWAY_NAME } from "./resource-names.ts";

/** @returns `<alias>@<revision>` of the models, the default first; none if there is no gateway */
export async function servedReferences(api: CloudflareApi): Promise<string[]> {
  return await servedBy(api, (await trafficNow(api)) ?? []);
}

/** @returns `<alias>@<revision>` of the models that these versions of the gateway serve */
export async function servedBy(api: CloudflareApi, traffic: Traffic): Promise<string[]> {
  const references: string[] = [];
  for (const { version_id: version } of traffic) {
    const bindings = await api.bindings(GATEWAY_NAME, version);
    const served = bindings.find(({ type, name }) => type === "plain_text" && name === "SERVED_MODELS");
    references.push(...(served?.text?.split(",") ?? []));
  }
  return [...new Set(references)];
}
