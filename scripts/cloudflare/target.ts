/**
 * Releases to Cloudflare.
 *
 * A binding always reaches the version of its target that has traffic, even from a version that has none. So Workers
 * that belong together cannot be tested together as versions. Instead, every Worker behind the gateway is named after
 * the hash of its code and settings, including the model's revision, and is deployed beside the serving ones; no Worker
 * that the serving gateway is bound to is overwritten. The gateway is uploaded as a version without traffic, bound to
 * the new names. It is tested at a URL of its own and gets all traffic last. Running requests finish on the version
 * where they began. To go back, the gateway's former version gets the traffic again; all of its Workers still exist.
 *
 * The state Worker is the exception: its objects belong to its name. It is overwritten before the gateway, if its code
 * has changed, and serves the gateway's former version as well; a release that fails gives its former version back.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "../../model-shards/manifest.ts";
import { GENERATED, secretsFile } from "../paths.ts";
import type { Candidate, Target } from "../release/release.ts";
import { afterOwed, inTurn } from "../release/with-clean-up.ts";
import {
  BESIDE_CONFIGS,
  SEARCH_CONFIG,
  STATE_CONFIG,
  type WorkerConfig,
  writeWorkerConfigs,
} from "../worker-configs.ts";
import type { CloudflareApi, Traffic } from "./api.ts";
import { codeHashes } from "./code-hashes.ts";
import { QueueHandover } from "./queue-handover.ts";
import { KeptWorkers } from "./kept-workers.ts";
import { giveBack, rollbackCommand, versionsOf } from "./going-back.ts";
import { GATEWAY_NAME } from "./resource-names.ts";
import { readSecrets } from "./secrets.ts";
import { wrangler, wranglerUpload } from "./wrangler.ts";
import { megabytes } from "../../build/report/megabytes.ts";

/** A folder of this process, because two deployments at once would overwrite each other's configurations. */
const CONFIGS = join(GENERATED, "cloudflare", String(process.pid));
process.once("exit", () => rmSync(CONFIGS, { recursive: true, force: true }));

/** The decoder of release 0.1.0, which exists until `npm run model:gc` finds that nobody can go back to it. */
const FORMER_DECODER = "edgeclip-decoder";

interface Context {
  api: CloudflareApi;
  queues: QueueHandover;
  state: KeptWorkers;
  followers: KeptWorkers;
  log: (line: string) => void;
}

/**
 * @param key API key of an operator
 * @param kvIds as `ensureResources` gives them
 * @param former the gateway's versions that have traffic; undefined if there is no gateway yet
 */
export function cloudflareTarget(
  api: CloudflareApi,
  key: string,
  kvIds: ReadonlyMap<string, string>,
  former: Traffic | undefined,
): Target {
  return {
    key,
    stage: async (manifests, log) => {
      const configs = await deploymentConfigs(manifests, kvIds);
      const { beside, state: stateConfig, search, gateway, followers: following } = inOrder(configs);
      const present = new Set(await api.workers());
      for (const each of beside) await deployBeside(each, present, log);
      const queues = await QueueHandover.begin(api, configs, log);
      const state = await KeptWorkers.begin(api, [stateConfig], log);
      const followers = await KeptWorkers.begin(api, following, log);
      const context = { api, queues, state, followers, log };
      try {
        await state.deploy();
        await deployBeside(search, present, log);
        return former === undefined
          ? await firstGateway(gateway.path, context)
          : {
              ...(await gatewayVersion(gateway.path, former, context)),
              removesFormerVectors: !present.has(FORMER_DECODER),
            };
      } catch (error) {
        throw await afterOwed(error, () => state.giveBack());
      }
    },
  };
}

/** Deploys a Worker that is named after its code and settings, unless it is there. @param present all names */
async function deployBeside(
  { name, path }: WorkerConfig,
  present: ReadonlySet<string>,
  log: (line: string) => void,
): Promise<void> {
  if (present.has(name)) {
    log(`${name} exists already, with this code and these settings`);
    return;
  }
  const { bundle_size: size } = await wranglerUpload(["deploy", "-c", path]);
  const weight = size == null ? "" : `, ${megabytes(size.gzip_bytes, 2)} MB gzipped`;
  log(`deployed ${name}${weight}; no serving Worker is bound to it yet`);
}

/**
 * The order of deployment: a Worker comes after those that it is bound to. First towers, the last stage first; then
 * state; then search, which is bound to state; then the gateway; then the Workers that are bound to the gateway.
 * @param configs the gateway's first
 */
export function inOrder([gateway, ...others]: readonly WorkerConfig[]): {
  beside: WorkerConfig[];
  state: WorkerConfig;
  search: WorkerConfig;
  gateway: WorkerConfig;
  followers: WorkerConfig[];
} {
  const state = others.find(({ source }) => source === STATE_CONFIG);
  const search = others.find(({ source }) => source === SEARCH_CONFIG);
  if (gateway === undefined || state === undefined || search === undefined) {
    throw new Error("a deployment without gateway, state or search");
  }
  return {
    beside: others.filter((config) => isBeside(config) && config !== search).toReversed(),
    state,
    search,
    gateway,
    followers: others.filter((config) => !isBeside(config) && config !== state),
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

/**
 * The first upload of a Worker has traffic at once, so the first gateway answers before it was tested. No client knows
 * it yet.
 */
async function firstGateway(
  config: string,
  { api, queues, state, followers, log }: Context,
): Promise<Candidate> {
  let url: string;
  try {
    await queues.removeFormerConsumers();
    await wranglerUpload(["deploy", "-c", config, ...(await secretsOption())]);
    log(`deployed ${GATEWAY_NAME}, which answers from now on`);
    await followers.deploy();
    ({ url } = await api.subdomain(GATEWAY_NAME));
  } catch (error) {
    throw await afterOwed(error, () => queues.restore());
  }
  return {
    url,
    promote: async () => url,
    settle: async () => {},
    // There is no former version that could get the traffic.
    revert: () => inTurn([() => queues.restore(), () => state.giveBack()]),
  };
}

async function gatewayVersion(
  config: string,
  former: Traffic,
  { api, queues, state, followers, log }: Context,
): Promise<Candidate> {
  const { url, isEnabled, hasPreviews } = await api.subdomain(GATEWAY_NAME);
  if (!hasPreviews) {
    await api.turnOnPreviews(GATEWAY_NAME, isEnabled);
    log(`turned on preview URLs of ${GATEWAY_NAME}, where new versions are tested`);
  }
  const upload = ["versions", "upload", "-c", config, ...(await secretsOption())];
  const { version_id: version, preview_url: previewUrl } = await wranglerUpload(upload);
  if (version == null)
    throw new Error(`wrangler did not report the version of ${GATEWAY_NAME} that it uploaded`);
  log(`uploaded version ${version} of ${GATEWAY_NAME}; it has no traffic yet`);
  if (previewUrl == null) throw new Error(`Cloudflare gave version ${version} of ${GATEWAY_NAME} no URL`);
  let hasBegun = false;
  return {
    url: previewUrl,
    promote: async () => {
      hasBegun = true;
      // These steps affect clients or messages, so their order matters:
      // 1. Remove consumers of queues that are no longer wanted. Messages wait.
      await queues.removeFormerConsumers();
      // 2. Move the gateway's traffic.
      await wrangler(["versions", "deploy", `${version}@100%`, "--yes", "-c", config]);
      log(`all traffic of ${GATEWAY_NAME} moved to version ${version}`);
      // 3. Set what belongs to no version of the gateway: routes, domains, queues that it consumes.
      await wrangler(["triggers", "deploy", "-c", config]);
      log(`routes and queues of ${GATEWAY_NAME} are as configured`);
      // 4. Deploy the Workers that are bound to the gateway and keep their names. The queues are free for them now.
      await followers.deploy();
      return url;
    },
    settle: async () => {
      log(`to go back to version ${versionsOf(former)}: ${rollbackCommand(former)}`);
    },
    revert: async () => {
      await inTurn([
        ...(hasBegun
          ? [
              () => giveBack(api, GATEWAY_NAME, former, log),
              () => followers.giveBack(),
              () => queues.restore(),
            ]
          : []),
        () => state.giveBack(),
      ]);
    },
  };
}

async function secretsOption(): Promise<string[]> {
  return (await readSecrets()) === undefined ? [] : ["--secrets-file", secretsFile()];
}
