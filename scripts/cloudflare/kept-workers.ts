/**
 * Workers that keep their names from release to release: the consumer of a queue, which is bound to the gateway and is
 * deployed after it, and the state Worker, which the gateway is bound to and which is deployed before it. They must
 * also work with the gateway's former version, because it may become active again.
 */
import type { WorkerConfig } from "../worker-configs.ts";
import type { CloudflareApi, Traffic } from "./api.ts";
import { giveBack } from "./going-back.ts";
import { wranglerUpload } from "./wrangler.ts";

export class KeptWorkers {
  readonly #api: CloudflareApi;
  readonly #log: (line: string) => void;
  /** `former`: the versions that had the Worker's traffic; undefined for a new Worker. */
  readonly #workers: { config: WorkerConfig; former: Traffic | undefined }[];
  /** Those whose deployment was started. */
  readonly #begun: { config: WorkerConfig; former: Traffic | undefined }[] = [];

  private constructor(
    api: CloudflareApi,
    workers: { config: WorkerConfig; former: Traffic | undefined }[],
    log: (line: string) => void,
  ) {
    this.#api = api;
    this.#workers = workers;
    this.#log = log;
  }

  /** Reads which versions serve now. Changes nothing. */
  static async begin(
    api: CloudflareApi,
    configs: readonly WorkerConfig[],
    log: (line: string) => void,
  ): Promise<KeptWorkers> {
    const present = new Set(configs.length === 0 ? [] : await api.workers());
    const workers: { config: WorkerConfig; former: Traffic | undefined }[] = [];
    for (const config of configs) {
      const [former] = present.has(config.name) ? await api.deployments(config.name) : [];
      workers.push({ config, former });
    }
    return new KeptWorkers(api, workers, log);
  }

  async deploy(): Promise<void> {
    for (const worker of this.#workers) {
      const { config, former } = worker;
      if (config.code !== undefined && (await this.#codeOf(config.name, former)) === config.code) {
        this.#log(`${config.name} serves already, with this code and these settings`);
        continue;
      }
      this.#begun.push(worker);
      await wranglerUpload(["deploy", "-c", config.path]);
      this.#log(`deployed ${config.name}, which has all its traffic from now on`);
    }
  }

  /** Gives the traffic back to the former versions. A new Worker stays, but consumes no queue. */
  async giveBack(): Promise<void> {
    for (const { config, former } of this.#begun) {
      if (former !== undefined) await giveBack(this.#api, config.name, former, this.#log);
    }
  }

  /** The hash of code and settings that the one version with traffic has in its variable `CODE`. */
  async #codeOf(name: string, former: Traffic = []): Promise<string | undefined> {
    const [only, ...others] = former;
    if (only === undefined || others.length > 0) return undefined;
    const bindings = await this.#api.bindings(name, only.version_id);
    return bindings.find((binding) => binding.type === "plain_text" && binding.name === "CODE")?.text;
  }
}
