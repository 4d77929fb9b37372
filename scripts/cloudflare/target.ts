/**
 * Cloudflare, as somewhere to release to.
 *
 * A binding always reaches the version of its target that has traffic, even from a version that has none, so Workers
 * that belong together cannot be tried together as versions. Instead, everything behind the gateway is named after the
 * hash of its code and settings, the model's revision among them, and stands beside what serves; nothing that the serving
 * gateway is bound to is ever written over. The gateway goes up as a version without traffic, bound to the new names. It
 * is tried at a URL of its own and gets all traffic last, and requests under way finish on the version they began on.
 * Going back is giving the traffic to the gateway's former version, whose Workers are all still there.
 */
import { join } from "node:path";
import type { Manifest } from "../../model-shards/manifest.ts";
import { GENERATED, secretsFile } from "../paths.ts";
import type { Candidate, Target } from "../release/release.ts";
import { afterOwed, inTurn } from "../release/with-clean-up.ts";
import { BESIDE_CONFIGS, type WorkerConfig, writeWorkerConfigs } from "../worker-configs.ts";
import type { CloudflareApi, Traffic } from "./api.ts";
import { codeHashes } from "./code-hashes.ts";
import { QueueHandover } from "./queue-handover.ts";
import { Followers } from "./followers.ts";
import { giveBack, rollbackCommand, versionsOf } from "./going-back.ts";
import { GATEWAY_NAME } from "./resource-names.ts";
import { readSecrets } from "./secrets.ts";
import { wrangler, wranglerUpload } from "./wrangler.ts";
import { megabytes } from "../../build/report/megabytes.ts";

const CONFIGS = join(GENERATED, "cloudflare");

interface Context {
  api: CloudflareApi;
  queues: QueueHandover;
  followers: Followers;
  say: (line: string) => void;
}

/**
 * @param key of an operator
 * @param kvIds as `ensureResources` gives them
 * @param former the gateway's versions that have traffic, if there is one
 */
export function cloudflareTarget(
  api: CloudflareApi,
  key: string,
  kvIds: ReadonlyMap<string, string>,
  former: Traffic | undefined,
): Target {
  return {
    key,
    stage: async (manifests, say) => {
      const configs = await deploymentConfigs(manifests, kvIds);
      const { beside, gateway, followers: following } = inOrder(configs);
      const present = new Set(await api.workers());
      for (const { name, path } of beside) {
        if (present.has(name)) {
          say(`${name} is there already, with this code and these settings`);
          continue;
        }
        const { bundle_size: size } = await wranglerUpload(["deploy", "-c", path]);
        const weight = size == null ? "" : `, ${megabytes(size.gzip_bytes, 2)} MB gzipped`;
        say(`deployed ${name}${weight}: nothing that serves is bound to it yet`);
      }
      const queues = await QueueHandover.begin(api, configs, say);
      const followers = await Followers.begin(api, following, say);
      const context = { api, queues, followers, say };
      return former === undefined
        ? await firstGateway(gateway.path, context)
        : await gatewayVersion(gateway.path, former, context);
    },
  };
}

/**
 * Whoever is bound to a Worker comes after it: the last stage of a tower first, then the gateway, then those that are bound
 * to the gateway.
 * @param configs the gateway's first
 */
export function inOrder([gateway, ...others]: readonly WorkerConfig[]): {
  beside: WorkerConfig[];
  gateway: WorkerConfig;
  followers: WorkerConfig[];
} {
  if (gateway === undefined) throw new Error("a deployment without a gateway");
  return {
    beside: others.filter(isBeside).toReversed(),
    gateway,
    followers: others.filter((config) => !isBeside(config)),
  };
}

function isBeside({ source }: WorkerConfig): boolean {
  return BESIDE_CONFIGS.includes(source);
}

/** The configurations of a deployment, its gateway's first. @param kvIds by title */
export async function deploymentConfigs(
  manifests: readonly Manifest[],
  kvIds: ReadonlyMap<string, string>,
): Promise<WorkerConfig[]> {
  return await writeWorkerConfigs(manifests, CONFIGS, { codeHashes: await codeHashes(), kvIds });
}

/** A first gateway cannot be a version without traffic: it answers at once, to nobody that knows of it. */
async function firstGateway(config: string, { api, queues, followers, say }: Context): Promise<Candidate> {
  let url: string;
  try {
    await queues.takeOff();
    await wranglerUpload(["deploy", "-c", config, ...(await secretsOption())]);
    say(`deployed ${GATEWAY_NAME}, which answers from now on`);
    await followers.deploy();
    ({ url } = await api.subdomain(GATEWAY_NAME));
  } catch (error) {
    throw await afterOwed(error, () => queues.putBack());
  }
  return {
    url,
    promote: async () => url,
    settle: async () => {},
    // No version served before that could get the traffic.
    revert: () => queues.putBack(),
  };
}

async function gatewayVersion(
  config: string,
  former: Traffic,
  { api, queues, followers, say }: Context,
): Promise<Candidate> {
  const { url, isEnabled, hasPreviews } = await api.subdomain(GATEWAY_NAME);
  if (!hasPreviews) {
    await api.turnOnPreviews(GATEWAY_NAME, isEnabled);
    say(`turned on the URLs of ${GATEWAY_NAME}'s versions: a version is tried there`);
  }
  const upload = ["versions", "upload", "-c", config, ...(await secretsOption())];
  const { version_id: version, preview_url: previewUrl } = await wranglerUpload(upload);
  if (version == null) throw new Error(`wrangler does not say which version of ${GATEWAY_NAME} it uploaded`);
  say(`uploaded version ${version} of ${GATEWAY_NAME}: it has no traffic yet`);
  if (previewUrl == null) throw new Error(`Cloudflare gave version ${version} of ${GATEWAY_NAME} no URL`);
  let hasBegun = false;
  return {
    url: previewUrl,
    promote: async () => {
      hasBegun = true;
      // The steps that clients or messages feel, in this order:
      // 1. Workers that are not to get a queue's messages any more are taken off. Messages wait.
      await queues.takeOff();
      // 2. The gateway's traffic moves.
      await wrangler(["versions", "deploy", `${version}@100%`, "--yes", "-c", config]);
      say(`all traffic of ${GATEWAY_NAME} moved to version ${version}`);
      // 3. What belongs to no version of the gateway is set as configured: routes, domains, queues that it consumes.
      await wrangler(["triggers", "deploy", "-c", config]);
      say(`routes and queues of ${GATEWAY_NAME} are as configured`);
      // 4. Workers that keep their names and are bound to the gateway follow it; the queues are free for them.
      await followers.deploy();
      return url;
    },
    settle: async () => {
      say(`to go back to version ${versionsOf(former)}: ${rollbackCommand(former)}`);
    },
    revert: async () => {
      if (!hasBegun) return;
      await inTurn([
        () => giveBack(api, GATEWAY_NAME, former, say),
        () => followers.giveBack(),
        () => queues.putBack(),
      ]);
    },
  };
}

async function secretsOption(): Promise<string[]> {
  return (await readSecrets()) === undefined ? [] : ["--secrets-file", secretsFile()];
}
