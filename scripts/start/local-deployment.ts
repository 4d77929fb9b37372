/** A deployment on this machine: all its Workers in one `wrangler dev`, on a port of its own. */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Manifest } from "../../model-shards/manifest.ts";
import { writeWorkerConfigs } from "../worker-configs.ts";
import { freePort } from "./loopback.ts";
import { ProcessGroup } from "./process-group.ts";
import { GENERATED, NODE_MODULES, ROOT, stateFolder } from "../paths.ts";

const LOOK_AGAIN_AFTER_MS = 200;
/** Pages from this machine on any port, such as those of a development server, may send requests. */
const LOCAL_ORIGINS = "http://localhost:*,https://localhost:*,http://127.0.0.1:*,http://[::1]:*";

export const ACCESS_MODES = ["open", "public", "keys"] as const;
export const LOG_LEVELS = ["debug", "info", "log", "warn", "error", "none"] as const;

export interface LocalOptions {
  /** Who may send requests. */
  access: (typeof ACCESS_MODES)[number];
  /** What wrangler prints. */
  logLevel: (typeof LOG_LEVELS)[number];
}

export class LocalDeployment {
  readonly manifests: readonly Manifest[];
  /** The gateway's URL, without a final slash. */
  readonly url: string;
  readonly #wrangler: ProcessGroup;
  readonly #folder: string;

  private constructor(manifests: readonly Manifest[], url: string, wrangler: ProcessGroup, folder: string) {
    this.manifests = manifests;
    this.url = url;
    this.#wrangler = wrangler;
    this.#folder = folder;
  }

  /** Resolves with wrangler's exit code when it ends. */
  get ended(): Promise<number> {
    return this.#wrangler.ended;
  }

  /**
   * Resolves when the gateway answers. No model is loaded yet.
   * @param manifests of models in local R2
   */
  static async start(manifests: readonly Manifest[], options: LocalOptions): Promise<LocalDeployment> {
    const { access, logLevel } = options;
    const folder = await mkdtemp(join(GENERATED, "deployment-"));
    const configs = await writeWorkerConfigs(manifests, folder, { access, allowedOrigins: LOCAL_ORIGINS });
    const port = await freePort();
    const wrangler = new ProcessGroup(
      join(NODE_MODULES, ".bin/wrangler"),
      [
        "dev",
        ...configs.flatMap(({ path }) => ["-c", path]),
        "--port",
        String(port),
        "--inspector-port",
        String(await freePort()),
        "--persist-to",
        stateFolder(),
        "--show-interactive-dev-session=false",
        `--log-level=${logLevel}`,
      ],
      {
        cwd: ROOT,
        env: {
          ...process.env,
          // No requests to the network: neither for the location of a data center nor for statistics.
          CLOUDFLARE_CF_FETCH_ENABLED: "false",
          WRANGLER_SEND_METRICS: "false",
          // Two deployments beside each other have Workers with the same names.
          WRANGLER_REGISTRY_PATH: join(folder, "registry"),
        },
      },
    );
    const deployment = new LocalDeployment(manifests, `http://127.0.0.1:${port}`, wrangler, folder);
    await Promise.race([deployment.#untilHealthy(), deployment.ended]);
    if (!wrangler.isRunning) {
      await deployment.stop();
      throw new Error(`wrangler dev ended with code ${await deployment.ended}`);
    }
    return deployment;
  }

  async stop(): Promise<void> {
    await this.#wrangler.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #untilHealthy(): Promise<void> {
    while (this.#wrangler.isRunning) {
      const healthy = await fetch(`${this.url}/healthz`).then(
        (response) => response.ok,
        () => false,
      );
      if (healthy) return;
      await setTimeout(LOOK_AGAIN_AFTER_MS);
    }
  }
}
