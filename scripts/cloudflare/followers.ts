/**
 * Workers that keep their names from release to release, such as the one consumer of a queue. They are bound to the
 * gateway, so they are deployed once it has moved; what they do must fit the gateway's former version as well, since it may
 * come back.
 */
import type { WorkerConfig } from "../worker-configs.ts";
import type { CloudflareApi, Traffic } from "./api.ts";
import { giveBack } from "./going-back.ts";
import { wranglerUpload } from "./wrangler.ts";

export class Followers {
  readonly #api: CloudflareApi;
  readonly #say: (line: string) => void;
  /** Each with the versions that had its traffic; undefined for a new one. */
  readonly #workers: { config: WorkerConfig; former: Traffic | undefined }[];
  /** Those whose deployment was begun. */
  #begun = 0;

  private constructor(
    api: CloudflareApi,
    workers: { config: WorkerConfig; former: Traffic | undefined }[],
    say: (line: string) => void,
  ) {
    this.#api = api;
    this.#workers = workers;
    this.#say = say;
  }

  /** Notes what serves now; changes nothing. */
  static async begin(
    api: CloudflareApi,
    configs: readonly WorkerConfig[],
    say: (line: string) => void,
  ): Promise<Followers> {
    const present = new Set(configs.length === 0 ? [] : await api.workers());
    const workers: { config: WorkerConfig; former: Traffic | undefined }[] = [];
    for (const config of configs) {
      const [former] = present.has(config.name) ? await api.deployments(config.name) : [];
      workers.push({ config, former });
    }
    return new Followers(api, workers, say);
  }

  async deploy(): Promise<void> {
    for (const { config } of this.#workers) {
      this.#begun += 1;
      await wranglerUpload(["deploy", "-c", config.path]);
      this.#say(`deployed ${config.name}, which has all its traffic from now on`);
    }
  }

  /** Those that were there before do what they did then. A new one stays, without a queue to consume. */
  async giveBack(): Promise<void> {
    for (const { config, former } of this.#workers.slice(0, this.#begun)) {
      if (former !== undefined) await giveBack(this.#api, config.name, former, this.#say);
    }
  }
}
