/** A deployment on this machine: all its Workers in one `wrangler dev`, on a port of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Manifest } from "../../model-shards/manifest.ts";
import { writeWorkerConfigs } from "../worker-configs.ts";
import { ROOT, STATE } from "./state.ts";
import { freePort } from "./free-port.ts";

const GENERATED = join(ROOT, ".generated");
const LOOK_AGAIN_AFTER = 200;

export class LocalDeployment {
  readonly manifests: readonly Manifest[];
  /** Of the gateway, without a final slash. */
  readonly url: string;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number>;
  readonly #wrangler: ChildProcess;
  readonly #folder: string;

  private constructor(manifests: readonly Manifest[], url: string, wrangler: ChildProcess, folder: string) {
    this.manifests = manifests;
    this.url = url;
    this.#wrangler = wrangler;
    this.#folder = folder;
    this.ended = once(wrangler, "exit").then(([code]) => (code as number | null) ?? 1);
  }

  /**
   * Resolves when the gateway answers; no model is loaded by that.
   * @param manifests of models that are in local R2
   * @param options for wrangler
   */
  static async start(manifests: readonly Manifest[], options: readonly string[]): Promise<LocalDeployment> {
    const folder = await mkdtemp(join(GENERATED, "deployment-"));
    const configs = await writeWorkerConfigs(manifests, folder, { access: "open" });
    const port = await freePort();
    const wrangler = spawn(
      join(ROOT, "node_modules/.bin/wrangler"),
      [
        "dev",
        ...configs.flatMap(({ path }) => ["-c", path]),
        "--port",
        String(port),
        "--inspector-port",
        String(await freePort()),
        "--persist-to",
        STATE,
        "--show-interactive-dev-session=false",
        ...options,
      ],
      {
        cwd: ROOT,
        stdio: ["ignore", "inherit", "inherit"],
        env: {
          ...process.env,
          // Nothing here needs the network: not the colour of a data centre, not statistics.
          CLOUDFLARE_CF_FETCH_ENABLED: "false",
          WRANGLER_SEND_METRICS: "false",
          // Two deployments side by side have Workers of the same names.
          WRANGLER_REGISTRY_PATH: join(folder, "registry"),
        },
      },
    );
    const deployment = new LocalDeployment(manifests, `http://127.0.0.1:${port}`, wrangler, folder);
    await Promise.race([deployment.#untilHealthy(), deployment.ended]);
    if (wrangler.exitCode !== null) throw new Error(`wrangler dev ended with code ${wrangler.exitCode}`);
    return deployment;
  }

  async stop(): Promise<void> {
    this.#wrangler.kill("SIGTERM");
    await this.ended;
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #untilHealthy(): Promise<void> {
    while (this.#wrangler.exitCode === null) {
      const healthy = await fetch(`${this.url}/healthz`).then(
        (response) => response.ok,
        () => false,
      );
      if (healthy) return;
      await setTimeout(LOOK_AGAIN_AFTER);
    }
  }
}
