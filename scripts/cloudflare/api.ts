/**
 * The few endpoints of Cloudflare's API that wrangler has no command with readable output for. The official SDK has them
 * all, in 120 MB that every newcomer would install.
 */
import * as z from "zod";
import { wrangler } from "./wrangler.ts";
import { cloudflareBaseUrl } from "./base-url.ts";

const PER_PAGE = 100;

const envelopeSchema = z.object({
  success: z.boolean(),
  errors: z.array(z.object({ message: z.string() })).default([]),
  result: z.unknown(),
});
const accountsSchema = z.array(z.object({ id: z.string(), name: z.string() }));
const bucketsSchema = z.object({ buckets: z.array(z.object({ name: z.string() })) });
const namespacesSchema = z.array(z.object({ id: z.string(), title: z.string() }));
const queuesSchema = z.array(z.object({ queue_name: z.string() })).nullable();
const workersSchema = z.array(z.object({ id: z.string() }));
const deploymentsSchema = z.object({
  deployments: z.array(z.object({ versions: z.array(z.object({ version_id: z.string() })) })),
});
const versionSchema = z.object({
  resources: z.object({
    bindings: z.array(z.object({ type: z.string(), name: z.string(), text: z.string().optional() })),
  }),
});

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
    const accounts = accountsSchema.parse(await new CloudflareApi(token, "").#call("GET", "/accounts"));
    const [only, ...others] = accounts;
    if (only !== undefined && others.length === 0) return new CloudflareApi(token, only.id);
    const names = accounts.map(({ id, name }) => `${id} (${name})`).join(", ");
    throw new Error(`set CLOUDFLARE_ACCOUNT_ID to one of: ${names || "(this token sees none)"}`);
  }

  async buckets(): Promise<string[]> {
    const { buckets } = bucketsSchema.parse(await this.#get(`/r2/buckets?per_page=${PER_PAGE}`));
    return buckets.map(({ name }) => name);
  }

  async createBucket(name: string): Promise<void> {
    await this.#post("/r2/buckets", { name });
  }

  /** Ids by title. */
  async namespaces(): Promise<Map<string, string>> {
    const listed = namespacesSchema.parse(await this.#get(`/storage/kv/namespaces?per_page=${PER_PAGE}`));
    return new Map(listed.map(({ id, title }) => [title, id]));
  }

  /** @returns its id */
  async createNamespace(title: string): Promise<string> {
    return z.object({ id: z.string() }).parse(await this.#post("/storage/kv/namespaces", { title })).id;
  }

  async queues(): Promise<string[]> {
    const listed = queuesSchema.parse(await this.#get(`/queues?per_page=${PER_PAGE}`));
    return (listed ?? []).map(({ queue_name }) => queue_name);
  }

  async createQueue(name: string): Promise<void> {
    await this.#post("/queues", { queue_name: name });
  }

  /** Names of all Workers. */
  async workers(): Promise<string[]> {
    return workersSchema.parse(await this.#get("/workers/scripts")).map(({ id }) => id);
  }

  async removeWorker(name: string): Promise<void> {
    await this.#call("DELETE", `/accounts/${this.#account}/workers/scripts/${name}?force=true`);
  }

  /** Where a Worker answers on workers.dev, without a final slash. */
  async liveUrl(worker: string): Promise<string> {
    const schema = z.object({ subdomain: z.object({ url: z.string() }) });
    const { subdomain } = schema.parse(await this.#get(`/workers/workers/${worker}`));
    return subdomain.url.replace(/\/$/, "");
  }

  /** Ids of the versions that have traffic, for each deployment of a Worker, the newest first. */
  async deployedVersions(worker: string): Promise<string[][]> {
    const { deployments } = deploymentsSchema.parse(
      await this.#get(`/workers/scripts/${worker}/deployments`),
    );
    return deployments.map(({ versions }) => versions.map(({ version_id }) => version_id));
  }

  /** A version's plain variable; undefined if it has none of that name. */
  async variable(worker: string, version: string, name: string): Promise<string | undefined> {
    const { resources } = versionSchema.parse(
      await this.#get(`/workers/scripts/${worker}/versions/${version}`),
    );
    return resources.bindings.find((each) => each.type === "plain_text" && each.name === name)?.text;
  }

  async #get(path: string): Promise<unknown> {
    return await this.#call("GET", `/accounts/${this.#account}${path}`);
  }

  async #post(path: string, body: unknown): Promise<unknown> {
    return await this.#call("POST", `/accounts/${this.#account}${path}`, body);
  }

  /** @returns the envelope's result. @throws Error naming method, path, status and Cloudflare's own words */
  async #call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(cloudflareBaseUrl() + path, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const envelope = envelopeSchema.safeParse(await response.json().catch(() => undefined));
    if (envelope.data?.success === true) return envelope.data.result;
    const reasons = envelope.data?.errors.map(({ message }) => message).join("; ");
    throw new Error(`Cloudflare: ${method} ${path} answers ${response.status}: ${reasons ?? "no JSON"}`);
  }
}
