/**
 * The endpoints of Cloudflare's API for which wrangler has no command with output for programs. The official SDK is not
 * used because it has 120 MB, which every newcomer would install.
 */
import * as z from "zod";
import { callApi, type Envelope } from "./api-call.ts";
import { bearerToken } from "./token.ts";

/** Items a page. All of these lists allow 100, except that of accounts, which allows 50. */
const PER_PAGE = 100;
const ACCOUNTS_PER_PAGE = 50;

const accountsSchema = z.array(z.object({ id: z.string(), name: z.string() }));
const bucketsSchema = z.object({ buckets: z.array(z.object({ name: z.string() })) });
const namespacesSchema = z.array(z.object({ id: z.string(), title: z.string() }));
const queuesSchema = z.array(z.object({ queue_name: z.string(), queue_id: z.string() })).nullable();
const consumersSchema = z.array(
  z.object({
    consumer_id: z.string(),
    type: z.string(),
    script: z.string().optional(),
    script_name: z.string().optional(),
    service: z.string().optional(),
    dead_letter_queue: z.string().nullish(),
    settings: z.record(z.string(), z.unknown()).default({}),
  }),
);
const workersSchema = z.array(z.object({ id: z.string(), migration_tag: z.string().nullish() }));
const deploymentsSchema = z.object({
  deployments: z.array(
    z.object({ versions: z.array(z.object({ version_id: z.string(), percentage: z.number() })) }),
  ),
});
const versionSchema = z.object({
  resources: z.object({
    bindings: z.array(
      z.object({
        type: z.string(),
        name: z.string(),
        text: z.string().optional(),
        service: z.string().optional(),
      }),
    ),
  }),
});
const accountSubdomainSchema = z.object({ subdomain: z.string() });
const subdomainSchema = z.object({
  subdomain: z.object({ url: z.string(), enabled: z.boolean(), previews_enabled: z.boolean() }),
});

/** Versions of a Worker that share its traffic, with their percentages: one, except during a gradual rollout. */
export type Traffic = z.infer<typeof deploymentsSchema>["deployments"][number]["versions"];

/** `text` is set for plain variables, `service`, the name of a Worker, for service bindings. */
export type Binding = z.infer<typeof versionSchema>["resources"]["bindings"][number];

export interface QueueConsumer {
  id: string;
  /** The Worker that gets the messages; undefined for a consumer that pulls them over HTTP. */
  worker: string | undefined;
  /** In the form that Cloudflare takes when a consumer is created. */
  settings: Record<string, unknown>;
  deadLetterQueue: string | undefined;
}

export class CloudflareApi {
  readonly #token: string;
  readonly #account: string;

  private constructor(token: string, account: string) {
    this.#token = token;
    this.#account = account;
  }

  /**
   * Uses CLOUDFLARE_API_TOKEN or the token of `wrangler login`, and CLOUDFLARE_ACCOUNT_ID or the only account that the
   * token sees.
   * @throws Error if there is no token, or no account or several
   */
  static async open(): Promise<CloudflareApi> {
    const token = await bearerToken();
    const given = process.env["CLOUDFLARE_ACCOUNT_ID"];
    if (given !== undefined) return new CloudflareApi(token, given);
    const accounts = await new CloudflareApi(token, "").#pages(
      "/accounts",
      accountsSchema,
      ACCOUNTS_PER_PAGE,
    );
    const [only, ...others] = accounts;
    if (only !== undefined && others.length === 0) return new CloudflareApi(token, only.id);
    const names = accounts.map(({ id, name }) => `${id} (${name})`).join(", ");
    throw new Error(`set CLOUDFLARE_ACCOUNT_ID to one of: ${names || "(this token can use no account)"}`);
  }

  async buckets(): Promise<string[]> {
    const names: string[] = [];
    for (let cursor = ""; ;) {
      const from = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const path = this.#path(`/r2/buckets?per_page=${PER_PAGE}${from}`);
      const { result, result_info: info } = await this.#call("GET", path);
      names.push(...bucketsSchema.parse(result).buckets.map(({ name }) => name));
      cursor = info?.cursor ?? "";
      if (cursor === "") return names;
    }
  }

  async createBucket(name: string): Promise<void> {
    await this.#post("/r2/buckets", { name });
  }

  /** Ids of KV namespaces, by title. */
  async namespaces(): Promise<Map<string, string>> {
    const listed = await this.#pages(this.#path("/storage/kv/namespaces"), namespacesSchema, PER_PAGE);
    return new Map(listed.map(({ id, title }) => [title, id]));
  }

  /** @returns the namespace's id */
  async createNamespace(title: string): Promise<string> {
    return z.object({ id: z.string() }).parse(await this.#post("/storage/kv/namespaces", { title })).id;
  }

  /** Writes a KV value and its metadata. @param namespace its id */
  async putValue(namespace: string, key: string, value: string, metadata: object): Promise<void> {
    const form = new FormData();
    form.set("value", value);
    form.set("metadata", JSON.stringify(metadata));
    await this.#call("PUT", this.#valuePath(namespace, key), form);
  }

  /** @param namespace its id */
  async removeValue(namespace: string, key: string): Promise<void> {
    await this.#call("DELETE", this.#valuePath(namespace, key));
  }

  /** Ids of queues, by name. */
  async queues(): Promise<Map<string, string>> {
    const listed = await this.#pages(this.#path("/queues"), queuesSchema, PER_PAGE);
    return new Map(listed.map(({ queue_name, queue_id }) => [queue_name, queue_id]));
  }

  async createQueue(name: string): Promise<void> {
    await this.#post("/queues", { queue_name: name });
  }

  /** @param queue its id */
  async consumers(queue: string): Promise<QueueConsumer[]> {
    const listed = consumersSchema.parse((await this.#get(`/queues/${queue}/consumers`)) ?? []);
    return listed.map(({ consumer_id: id, script, script_name, service, settings, ...rest }) => ({
      id,
      worker: script ?? script_name ?? service,
      settings,
      deadLetterQueue: rest.dead_letter_queue ?? undefined,
    }));
  }

  /** @param queue its id */
  async removeConsumer(queue: string, { id }: QueueConsumer): Promise<void> {
    await this.#call("DELETE", this.#path(`/queues/${queue}/consumers/${id}`));
  }

  /** Makes a Worker a queue's consumer. @param queue its id @param consumer as `consumers` returned it */
  async addConsumer(queue: string, consumer: QueueConsumer): Promise<void> {
    const { worker, settings, deadLetterQueue } = consumer;
    await this.#post(`/queues/${queue}/consumers`, {
      type: "worker",
      script_name: worker,
      settings,
      dead_letter_queue: deadLetterQueue,
    });
  }

  /** Names of all Workers. */
  async workers(): Promise<string[]> {
    return [...(await this.migrationTags()).keys()];
  }

  /**
   * For each Worker, the tag of the last migration of its Durable Objects; undefined if it has none. Cloudflare returns
   * all Workers in one answer, without pages.
   */
  async migrationTags(): Promise<Map<string, string | undefined>> {
    const workers = workersSchema.parse(await this.#get("/workers/scripts"));
    return new Map(workers.map(({ id, migration_tag: tag }) => [id, tag ?? undefined]));
  }

  async removeWorker(name: string): Promise<void> {
    await this.#call("DELETE", this.#path(`/workers/scripts/${name}?force=true`));
  }

  /** The account's name on workers.dev. */
  async accountSubdomain(): Promise<string> {
    return accountSubdomainSchema.parse(await this.#get("/workers/subdomain")).subdomain;
  }

  /**
   * A Worker's URL on workers.dev, without a final slash.
   * `isEnabled`: the Worker answers there. `hasPreviews`: each version answers at a URL of its own.
   */
  async subdomain(worker: string): Promise<{ url: string; isEnabled: boolean; hasPreviews: boolean }> {
    const { subdomain } = subdomainSchema.parse(await this.#get(`/workers/workers/${worker}`));
    const { enabled: isEnabled, previews_enabled: hasPreviews } = subdomain;
    return { url: subdomain.url.replace(/\/$/, ""), isEnabled, hasPreviews };
  }

  /**
   * Gives each version of a Worker a URL.
   * @param isEnabled whether the Worker itself has one; this does not change it
   */
  async turnOnPreviews(worker: string, isEnabled: boolean): Promise<void> {
    await this.#post(`/workers/scripts/${worker}/subdomain`, { enabled: isEnabled, previews_enabled: true });
  }

  /** The versions that had traffic, for each deployment, the newest first. */
  async deployments(worker: string): Promise<Traffic[]> {
    const { deployments } = deploymentsSchema.parse(
      await this.#get(`/workers/scripts/${worker}/deployments`),
    );
    return deployments.map(({ versions }) => versions);
  }

  /**
   * Gives a Worker's traffic back to former versions. Without `force`, Cloudflare refuses if secrets have changed since
   * then; this is not needed, because a version keeps the secrets that it was uploaded with.
   */
  async deployVersions(worker: string, traffic: Traffic): Promise<void> {
    await this.#post(`/workers/scripts/${worker}/deployments?force=true`, {
      strategy: "percentage",
      versions: traffic,
    });
  }

  /** The bindings of a Worker's version. */
  async bindings(worker: string, version: string): Promise<Binding[]> {
    const found = await this.#get(`/workers/scripts/${worker}/versions/${version}`);
    return versionSchema.parse(found).resources.bindings;
  }

  #path(path: string): string {
    return `/accounts/${this.#account}${path}`;
  }

  #valuePath(namespace: string, key: string): string {
    return this.#path(`/storage/kv/namespaces/${namespace}/values/${encodeURIComponent(key)}`);
  }

  /** @returns all items of a list with numbered pages */
  async #pages<T>(path: string, schema: z.ZodType<T[] | null>, perPage: number): Promise<T[]> {
    const items: T[] = [];
    for (let page = 1; ; page++) {
      const { result, result_info: info } = await this.#call(
        "GET",
        `${path}?page=${page}&per_page=${perPage}`,
      );
      items.push(...(schema.parse(result) ?? []));
      const { page: at = page, per_page: size = perPage, total_count: total = 0 } = info ?? {};
      if (at * size >= total) return items;
    }
  }

  async #get(path: string): Promise<unknown> {
    return (await this.#call("GET", this.#path(path))).result;
  }

  async #post(path: string, body: object): Promise<unknown> {
    return (await this.#call("POST", this.#path(path), body)).result;
  }

  async #call(method: string, path: string, body?: FormData | object): Promise<Envelope> {
    return await callApi(this.#token, method, path, body);
  }
}
