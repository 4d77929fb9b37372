/**
 * The few endpoints of Cloudflare's API that wrangler has no command with readable output for. The official SDK has them
 * all, in 120 MB that every newcomer would install.
 */
import * as z from "zod";
import { wrangler } from "./wrangler.ts";
import { cloudflareBaseUrl } from "./base-url.ts";

/** Items a page: no list of Cloudflare's takes less as its maximum but that of accounts, which takes 50. */
const PER_PAGE = 100;
const ACCOUNTS_PER_PAGE = 50;

const envelopeSchema = z.object({
  success: z.boolean(),
  errors: z
    .array(z.object({ message: z.string() }))
    .nullish()
    .transform((errors) => errors ?? []),
  result: z.unknown(),
  result_info: z
    .object({
      page: z.number().optional(),
      per_page: z.number().optional(),
      total_count: z.number().optional(),
      cursor: z.string().nullish(),
    })
    .nullish(),
});
type Envelope = z.infer<typeof envelopeSchema>;

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
const workersSchema = z.array(z.object({ id: z.string() }));
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
const subdomainSchema = z.object({
  subdomain: z.object({ url: z.string(), enabled: z.boolean(), previews_enabled: z.boolean() }),
});

/** Versions of a Worker that share its traffic, with their percentages: one, but while a change is rolled out gradually. */
export type Traffic = z.infer<typeof deploymentsSchema>["deployments"][number]["versions"];

/** A plain variable has a text, a service binding the name of a Worker. */
export type Binding = z.infer<typeof versionSchema>["resources"]["bindings"][number];

export interface QueueConsumer {
  id: string;
  /** Name of the Worker that gets the messages; undefined for a consumer that pulls them over HTTP. */
  worker: string | undefined;
  /** As Cloudflare takes them when the consumer is made. */
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
   * With CLOUDFLARE_API_TOKEN or as `wrangler login` left it; for CLOUDFLARE_ACCOUNT_ID or the only account there is.
   * @throws Error saying what is missing
   */
  static async open(): Promise<CloudflareApi> {
    const token = process.env["CLOUDFLARE_API_TOKEN"] ?? (await wrangler(["auth", "token"])).trim();
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
    throw new Error(`set CLOUDFLARE_ACCOUNT_ID to one of: ${names || "(this token sees none)"}`);
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

  /** Ids by title. */
  async namespaces(): Promise<Map<string, string>> {
    const listed = await this.#pages(this.#path("/storage/kv/namespaces"), namespacesSchema, PER_PAGE);
    return new Map(listed.map(({ id, title }) => [title, id]));
  }

  /** @returns its id */
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

  /** Ids by name. */
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

  /** Has a Worker consume a queue, with the settings of a consumer that was read here. @param queue its id */
  async addConsumer(queue: string, { worker, settings, deadLetterQueue }: QueueConsumer): Promise<void> {
    await this.#post(`/queues/${queue}/consumers`, {
      type: "worker",
      script_name: worker,
      settings,
      dead_letter_queue: deadLetterQueue,
    });
  }

  /** Names of all Workers; Cloudflare gives them in one answer. */
  async workers(): Promise<string[]> {
    return workersSchema.parse(await this.#get("/workers/scripts")).map(({ id }) => id);
  }

  async removeWorker(name: string): Promise<void> {
    await this.#call("DELETE", this.#path(`/workers/scripts/${name}?force=true`));
  }

  /** Where a Worker answers on workers.dev, without a final slash, whether it does, and whether each version does. */
  async subdomain(worker: string): Promise<{ url: string; isEnabled: boolean; hasPreviews: boolean }> {
    const { subdomain } = subdomainSchema.parse(await this.#get(`/workers/workers/${worker}`));
    const { enabled: isEnabled, previews_enabled: hasPreviews } = subdomain;
    return { url: subdomain.url.replace(/\/$/, ""), isEnabled, hasPreviews };
  }

  /** Gives each version of a Worker a URL. @param isEnabled whether the Worker has one, which stays so */
  async turnOnPreviews(worker: string, isEnabled: boolean): Promise<void> {
    await this.#post(`/workers/scripts/${worker}/subdomain`, { enabled: isEnabled, previews_enabled: true });
  }

  /** What had traffic, deployment by deployment, the newest first. */
  async deployments(worker: string): Promise<Traffic[]> {
    const { deployments } = deploymentsSchema.parse(
      await this.#get(`/workers/scripts/${worker}/deployments`),
    );
    return deployments.map(({ versions }) => versions);
  }

  /**
   * Gives a Worker's traffic to versions that had it before. Without `force`, Cloudflare refuses if secrets have changed
   * since; a version has the secrets that it was uploaded with.
   */
  async deployVersions(worker: string, traffic: Traffic): Promise<void> {
    await this.#post(`/workers/scripts/${worker}/deployments?force=true`, {
      strategy: "percentage",
      versions: traffic,
    });
  }

  /** What a version of a Worker is bound to. */
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

  /** @returns all items of a list that is given in numbered pages */
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

  /** @param body a form, or what becomes JSON. @throws Error naming method, path, status and Cloudflare's own words */
  async #call(method: string, path: string, body?: FormData | object): Promise<Envelope> {
    const isForm = body instanceof FormData;
    const response = await fetch(cloudflareBaseUrl() + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(isForm ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    });
    const envelope = envelopeSchema.safeParse(await response.json().catch(() => undefined));
    if (envelope.data?.success === true) return envelope.data;
    const reasons = envelope.data?.errors.map(({ message }) => message).join("; ");
    throw new Error(`Cloudflare: ${method} ${path} answers ${response.status}: ${reasons ?? "no JSON"}`);
  }
}
