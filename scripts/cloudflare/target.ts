/**
 * Cloudflare, as somewhere to release to. A model's tower Workers are named after its revision and stand beside those of
 * others. The gateway goes up as a version without traffic, which has a URL of its own to be tried at, and gets all of it
 * when it is promoted; requests under way finish on the version they began on.
 */
import { join } from "node:path";
import type { Manifest } from "../../model-shards/manifest.ts";
import { ROOT } from "../local/state.ts";
import type { Target } from "../release/release.ts";
import { type WorkerConfig, writeWorkerConfigs } from "../worker-configs.ts";
import type { CloudflareApi } from "./api.ts";
import { GATEWAY_NAME } from "./resource-names.ts";
import { readSecrets, SECRETS_FILE } from "./secrets.ts";
import { wrangler, wranglerUpload } from "./wrangler.ts";
import { megabytes } from "../../build/report/megabytes.ts";

const GENERATED = join(ROOT, ".generated/cloudflare");

/**
 * @param key of an operator
 * @param kvIds as `ensureResources` gives them
 */
export function cloudflareTarget(
  api: CloudflareApi,
  key: string,
  kvIds: ReadonlyMap<string, string>,
): Target {
  return {
    key,
    stage: async (manifests, say) => {
      const { before, gateway, jobs } = inOrder(await deploymentConfigs(manifests, kvIds));
      const deploy = async ({ name, path }: WorkerConfig): Promise<void> => {
        const { bundle_size: size } = await wranglerUpload(["deploy", "-c", path]);
        say(`deployed ${name}${size == null ? "" : `, ${megabytes(size.gzip_bytes, 2)} MB gzipped`}`);
      };
      for (const config of before) await deploy(config);
      const isFirst = !(await api.workers()).includes(GATEWAY_NAME);
      const candidate = isFirst ? await firstGateway(gateway.path, api) : await gatewayVersion(gateway.path);
      return {
        ...candidate,
        promote: async () => {
          await candidate.promote();
          // It is bound to an entrypoint of the gateway that serves.
          await deploy(jobs);
        },
      };
    },
  };
}

/** Whoever is bound to a Worker comes after it: the last stage of a tower first, the jobs Worker after the gateway. */
export function inOrder(configs: readonly WorkerConfig[]): {
  before: WorkerConfig[];
  gateway: WorkerConfig;
  jobs: WorkerConfig;
} {
  const [gateway, ...others] = configs;
  const jobs = others.pop();
  if (gateway === undefined || jobs === undefined) throw new Error("a deployment without a gateway");
  return { before: others.toReversed(), gateway, jobs };
}

/** The configurations of a deployment, its gateway's first. @param kvIds by title */
export async function deploymentConfigs(
  manifests: readonly Manifest[],
  kvIds: ReadonlyMap<string, string>,
): Promise<WorkerConfig[]> {
  return await writeWorkerConfigs(manifests, GENERATED, { nameByRevision: true, kvIds });
}

type Candidate = Awaited<ReturnType<Target["stage"]>>;

/** Nobody uses it yet: it serves at once, and there is nothing to go back to. */
async function firstGateway(config: string, api: CloudflareApi): Promise<Candidate> {
  await wranglerUpload(["deploy", "-c", config, ...(await secretsOption())]);
  return {
    url: await api.liveUrl(GATEWAY_NAME),
    promote: async () => {},
    discard: async () => {},
  };
}

async function gatewayVersion(config: string): Promise<Candidate> {
  const upload = ["versions", "upload", "-c", config, ...(await secretsOption())];
  const { version_id: version, preview_url: url } = await wranglerUpload(upload);
  if (url == null) throw new Error("Cloudflare gave the gateway's version no URL: are preview URLs off?");
  return {
    url,
    promote: async () => {
      await wrangler(["versions", "deploy", `${version}@100%`, "--yes", "-c", config]);
      // Routes and queues belong to no version.
      await wrangler(["triggers", "deploy", "-c", config]);
    },
    // A version without traffic costs nothing, and shows in the dashboard what was tried.
    discard: async () => {},
  };
}

async function secretsOption(): Promise<string[]> {
  return (await readSecrets()) === undefined ? [] : ["--secrets-file", SECRETS_FILE];
}
