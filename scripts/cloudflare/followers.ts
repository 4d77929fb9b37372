/**
 * Workers that keep their names from release to release, such as the consumer of a queue. They are bound to the
 * gateway, so they are deployed after it. They must also work with the gateway's former version, because it may become
 * active again.
 */
import type { WorkerConfig } from "../worker-configs.ts";
import type { CloudflareApi, Traffic } from "./api.ts";
import { giveBack } from "./going-back.ts";
import { wranglerUpload } from "./wrangler.ts";

export class Followers {
  readonly #api: CloudflareApi;
  readonly #log: (line: string) => void;
  /** `former`: the versions that had the Worker's traffic; undefined for a new Worker. */
  readonly #workers: { config: WorkerConfig; former: Traffic | undefined }[];
  /** How many deployments were started. */
  #begun = 0;

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
  ): Promise<Followers> {
    const present = new Set(configs.length === 0 ? [] : await api.workers());
    const workers: { config: WorkerConfig; former: Traffic | undefined }[] = [];
    for (const config of configs) {
      const [former] = present.has(config.name) ? await api.deployments(config.name) : [];
      workers.push({ config, former });
    }
    return new Followers(api, workers, log);
  }

  async deploy(): Promise<void> {
    for (const { config } of this.#workers) {
      this.#begun += 1;
      await wranglerUpload(["deploy", "-c", config.path]);
      this.#log(`deployed ${config.name}, which has all its traffic from now on`);
    }
  }

  /** Gives the traffic back to the former versions. A new Worker stays, but consumes no queue. */
  async giveBack(): Promise<void> {
    for (const { config, former } of this.#workers.slice(0, this.#begun)) {
      if (former !== undefined) await giveBack(this.#api, config.name, former, this.#log);
    }
  }
}
