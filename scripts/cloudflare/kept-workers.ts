/**
 * Workers that keep their names from release to release: the consumer of a queue, which is bound to the gateway and is
 * deployed after it, and the state Worker, which the gateway is bound to and which is deployed before it. They must
 * also work with the gateway's former version, because it may become active again.
 */
import type { WorkerConfig } from "../worker-configs.ts";
import type { CloudflareApi, Traffic } from "./api.ts";
import { giveBack } from "./going-back.ts";
import { GATEWAY_NAME } from "./resource-names.ts";
import { wranglerUpload } from "./wrangler.ts";

interface KeptWorker {
  config: WorkerConfig;
  /** The versions that had its traffic; undefined for a new Worker. */
  former: Traffic | undefined;
  /** The last migration of its Durable Objects before the release. */
  migration: string | undefined;
}

export class KeptWorkers {
  readonly #api: CloudflareApi;
  readonly #log: (line: string) => void;
  readonly #workers: readonly KeptWorker[];
  /** Those whose deployment was started. */
  readonly #begun: KeptWorker[] = [];

  private constructor(api: CloudflareApi, workers: readonly KeptWorker[], log: (line: string) => void) {
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
    const migrations = configs.length === 0 ? new Map<string, undefined>() : await api.migrationTags();
    const workers: KeptWorker[] = [];
    for (const config of configs) {
      const [former] = migrations.has(config.name) ? await api.deployments(config.name) : [];
      workers.push({ config, former, migration: migrations.get(config.name) });
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

  /**
   * Gives the traffic back to the former versions. A new Worker stays, but consumes no queue. A Worker whose Durable
   * Objects were migrated stays as well: Cloudflare refuses every version from before a migration.
   */
  async giveBack(): Promise<void> {
    for (const { config, former, migration } of this.#begun) {
      if (former === undefined) continue;
      const present = await this.#migrationOf(config.name, migration);
      if (present === migration) await giveBack(this.#api, config.name, former, this.#log);
      else {
        this.#log(
          `${config.name} keeps its new version, because Cloudflare does not go back over a migration of Durable ` +
            `Objects (${present}); it serves the former ${GATEWAY_NAME} as well`,
        );
      }
    }
  }

  /** @returns the last migration of its Durable Objects, or `otherwise` if Cloudflare does not answer */
  async #migrationOf(name: string, otherwise: string | undefined): Promise<string | undefined> {
    return await this.#api.migrationTags().then(
      (tags) => tags.get(name),
      () => otherwise,
    );
  }

  /** The hash of code and settings that the one version with traffic has in its variable `CODE`. */
  async #codeOf(name: string, former: Traffic = []): Promise<string | undefined> {
    const [only, ...others] = former;
    if (only === undefined || others.length > 0) return undefined;
    const bindings = await this.#api.bindings(name, only.version_id);
    return bindings.find((binding) => binding.type === "plain_text" && binding.name === "CODE")?.text;
  }
}
