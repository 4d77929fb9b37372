/**
 * A stand-in for an account at Cloudflare: the endpoints of its API that wrangler and this project's scripts call in a
 * deployment, with the platform's pages, conflicts and refusals. Error codes are Cloudflare's own.
 */
import type { KVNamespace } from "@cloudflare/workers-types";
import { readUpload, type Upload, type UploadedWorkers, type Version } from "./uploaded-workers.ts";

export const ACCOUNT = "0123456789abcdef0123456789abcdef";
export const DOMAIN = "example.workers.dev";
const CREATED = "2026-01-01T00:00:00Z";
const DEFAULT_PER_PAGE = 20;

type Traffic = { version_id: string; percentage: number }[];

export interface Consumer {
  consumer_id: string;
  type: string;
  script: string;
  settings: Record<string, unknown>;
  dead_letter_queue?: string;
}

export interface Script {
  versions: Version[];
  /** The newest is first. */
  deployments: Traffic[];
  subdomain: { enabled: boolean; previews_enabled: boolean };
  /** The last migration of its Durable Objects, and the classes that it made. */
  migrationTag?: string;
  classes?: string[];
  /** Its custom domains. */
  domains?: string[];
}

/** What a new account does not have until it is turned on in the dashboard. */
export type Option = "R2" | "workers.dev" | "Analytics Engine";

/** Everything that the API can change, except the contents of R2 and KV. */
export interface AccountState {
  accounts: { id: string; name: string }[];
  buckets: string[];
  /** Ids by title. */
  namespaces: Record<string, string>;
  /** Consumers by the queue's name, which is also its id. */
  queues: Record<string, Consumer[]>;
  workers: Record<string, Script>;
}

export interface Call {
  method: string;
  /** The path after the account's part. */
  path: string;
  query: URLSearchParams;
  body: Buffer<ArrayBuffer>;
  contentType: string;
}

export class Refusal extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** An answer that is one page of a list. */
export class Page {
  readonly result: unknown;
  readonly info: object;

  constructor(result: unknown, info: object) {
    this.result = result;
    this.info = info;
  }
}

const notFound = (what: string): Refusal => new Refusal(404, 10007, `${what} does not exist on your account`);

export class CloudflareAccount {
  state: AccountState = {
    accounts: [{ id: ACCOUNT, name: "example" }],
    buckets: [],
    namespaces: {},
    queues: {},
    workers: {},
  };
  /** What every call must bear. */
  token = "token";
  /** What the account does not have. */
  readonly missing = new Set<Option>();
  readonly #running: UploadedWorkers;
  /** Port in the URLs that the API returns. */
  readonly #port: () => number;

  constructor(running: UploadedWorkers, port: () => number) {
    this.#running = running;
    this.#port = port;
  }

  /** @returns a value for `restore`. Versions are not copied, because they never change */
  snapshot(): AccountState {
    const { workers, ...rest } = this.state;
    const copies = Object.entries(workers).map(([name, { versions, deployments, subdomain, ...objects }]) => [
      name,
      { ...objects, versions: [...versions], deployments: [...deployments], subdomain: { ...subdomain } },
    ]);
    return { ...structuredClone(rest), workers: Object.fromEntries(copies) as Record<string, Script> };
  }

  restore(snapshot: AccountState): void {
    this.state = snapshot;
    this.state = this.snapshot();
  }

  /** The version of a Worker that answers a request now, chosen at random if several share the traffic. */
  deployed(worker: string): Version | undefined {
    const script = this.state.workers[worker];
    let at = Math.random() * 100;
    const chosen = script?.deployments[0]?.find(({ percentage }) => (at -= percentage) < 0);
    return script?.versions.find(({ id }) => id === chosen?.version_id);
  }

  /** Name of a Worker on workers.dev, and port. */
  host(worker: string): string {
    return `${worker}.${DOMAIN}:${this.#port()}`;
  }

  /** The Worker's name and version for a host name of workers.dev. */
  resolve(host: string): [string, Version] | undefined {
    const [label = ""] = host.split(".");
    for (const [name, script] of Object.entries(this.state.workers)) {
      if (label === name && script.subdomain.enabled) {
        const version = this.deployed(name);
        return version && [name, version];
      }
      const version = script.versions.find(({ id }) => label === `${id.slice(0, 8)}-${name}`);
      if (version !== undefined && script.subdomain.previews_enabled) return [name, version];
    }
    return undefined;
  }

  /** @throws Refusal */
  async answer(call: Call): Promise<unknown> {
    const { method, path } = call;
    const parts = path.split("/").slice(1).map(decodeURIComponent);
    const [area, kind, name = "", ...rest] = parts;
    if (path === "/accounts") return numberedPage(this.state.accounts, call);
    if (area === "r2" && this.missing.has("R2")) {
      throw new Refusal(403, 10042, "Please enable R2 through the Cloudflare Dashboard.");
    }
    if (area === "r2" && kind === "buckets") return this.#bucket(name, call);
    if (area === "queues") return this.#queue(kind, [name, ...rest], call);
    if (area === "storage") return await this.#namespace(parts.slice(3), call);
    if (path === "/workers/scripts") {
      return Object.entries(this.state.workers).map(([id, script]) => ({ id, ...migrationTagOf(script) }));
    }
    if (path === "/workers/subdomain") {
      if (this.missing.has("workers.dev")) throw new Refusal(404, 10007, "workers.api.error.not_found");
      return { subdomain: DOMAIN.split(".")[0] };
    }
    if (path === "/workers/domains/records") return [];
    if (area === "workers" && kind === "workers") return this.#worker(name);
    if (area === "workers" && kind === "services") {
      const tag = migrationTagOf(this.#script(name));
      const script = { last_deployed_from: "wrangler", tag: name, tags: null, ...tag };
      return { script, default_environment: { environment: "production", script } };
    }
    if (area === "workers" && kind === "scripts") return await this.#scriptCall(name, rest, call);
    throw new Refusal(404, 7003, `the stand-in does not know ${method} ${path}`);
  }

  #bucket(name: string, { method, query, body }: Call): unknown {
    const { buckets } = this.state;
    if (name !== "") {
      if (!buckets.includes(name)) throw new Refusal(404, 10006, "The specified bucket does not exist.");
      return { name };
    }
    if (method === "GET") {
      const perPage = Number(query.get("per_page") ?? DEFAULT_PER_PAGE);
      const from = Number(query.get("cursor") ?? 0);
      const cursor = from + perPage < buckets.length ? String(from + perPage) : "";
      const page = buckets.slice(from, from + perPage).map((each) => ({ name: each }));
      return new Page({ buckets: page }, { cursor, per_page: perPage });
    }
    const { name: made } = json(body) as { name: string };
    if (buckets.includes(made))
      throw new Refusal(409, 10004, "The bucket you tried to create already exists");
    buckets.push(made);
    return { name: made };
  }

  #queue(id: string | undefined, [sub, consumerId]: string[], call: Call): unknown {
    const { queues } = this.state;
    const described = (name: string): object => ({
      queue_name: name,
      queue_id: name,
      consumers: queues[name],
      producers: [],
    });
    if (id === undefined && call.method === "GET") {
      const named = call.query.getAll("name");
      const names = Object.keys(queues).filter((name) => named.length === 0 || named.includes(name));
      return numberedPage(
        names.map((name) => described(name)),
        call,
      );
    }
    if (id === undefined) {
      const { queue_name: made } = json(call.body) as { queue_name: string };
      if (made in queues) throw new Refusal(409, 11009, "Queue name is already taken.");
      queues[made] = [];
      return described(made);
    }
    const consumers = queues[id];
    if (consumers === undefined) throw new Refusal(404, 11000, "Queue does not exist.");
    if (sub !== "consumers") return described(id);
    if (call.method === "GET") return consumers;
    const given =
      call.method === "DELETE" ? undefined : (json(call.body) as Partial<Consumer> & { script_name: string });
    const made = given && {
      consumer_id: consumerId ?? crypto.randomUUID().replaceAll("-", ""),
      type: "worker",
      script: given.script_name,
      settings: given.settings ?? {},
      ...(given.dead_letter_queue === undefined ? {} : { dead_letter_queue: given.dead_letter_queue }),
    };
    if (made !== undefined && consumerId === undefined) {
      if (consumers.length > 0) throw new Refusal(400, 11004, "workers.api.error.consumer_exists");
      this.#script(made.script);
      consumers.push(made);
      return made;
    }
    const at = consumers.findIndex((each) => each.consumer_id === consumerId);
    if (at === -1) throw new Refusal(404, 11005, "Queue consumer does not exist.");
    consumers.splice(at, 1, ...(made === undefined ? [] : [made]));
    return made ?? null;
  }

  async #namespace([id, , key]: string[], call: Call): Promise<unknown> {
    const { namespaces } = this.state;
    if (id === undefined && call.method === "GET") {
      const all = Object.entries(namespaces).map(([title, each]) => ({ id: each, title }));
      return numberedPage(all, call);
    }
    if (id === undefined) {
      const { title } = json(call.body) as { title: string };
      if (title in namespaces)
        throw new Refusal(400, 10014, "a namespace with this account ID and title already exists");
      namespaces[title] = String(Object.keys(namespaces).length + 1).padStart(32, "0");
      return { id: namespaces[title], title };
    }
    if (!Object.values(namespaces).includes(id)) throw new Refusal(404, 10013, "namespace not found");
    const kv: KVNamespace = await this.#running.namespace(id);
    if (call.method === "DELETE") await kv.delete(key ?? "");
    else {
      const form = await formOf(call);
      const metadata = JSON.parse((form.get("metadata") as string | null) ?? "null") as unknown;
      await kv.put(key ?? "", form.get("value") as string, { metadata });
    }
    return null;
  }

  #script(name: string): Script {
    const found = this.state.workers[name];
    if (found === undefined) throw notFound(`This Worker (${name})`);
    return found;
  }

  #worker(name: string): unknown {
    const { subdomain } = this.#script(name);
    const host = this.host(name);
    return { name, subdomain: { ...subdomain, url: `https://${host}`, preview_url_suffix: `-${host}` } };
  }

  async #scriptCall(name: string, [kind, id]: string[], call: Call): Promise<unknown> {
    const { method } = call;
    if (kind === "assets-upload-session") return { jwt: "complete", buckets: [] };
    if (kind === undefined && method === "DELETE") {
      this.#script(name);
      delete this.state.workers[name];
      return null;
    }
    if (kind === undefined && method === "PUT") {
      const version = await this.#upload(call);
      const made: Script = {
        versions: [],
        deployments: [],
        subdomain: { enabled: false, previews_enabled: false },
      };
      const script = (this.state.workers[name] ??= made);
      migrateClasses(script, version);
      version.migrationTag = script.migrationTag;
      script.versions.unshift(version);
      script.deployments.unshift([{ version_id: version.id, percentage: 100 }]);
      return { id: name, tag: name, deployment_id: version.id, startup_time_ms: 1, entry_point: "index.js" };
    }
    const script = this.#script(name);
    if (kind === "subdomain") {
      if (method === "POST") script.subdomain = json(call.body) as Script["subdomain"];
      return script.subdomain;
    }
    if (kind === "versions" && method === "POST") {
      const version = { ...(await this.#upload(call)), migrationTag: script.migrationTag };
      script.versions.unshift(version);
      return describe(version, script);
    }
    if (kind === "versions" && id === undefined) {
      return { items: script.versions.map((version) => describe(version, script)) };
    }
    if (kind === "versions") {
      const version = script.versions.find((each) => each.id === id);
      if (version === undefined) throw new Refusal(404, 10145, `version ${id} not found`);
      return describe(version, script);
    }
    if (kind === "deployments" && method === "POST") return deployVersions(script, call);
    if (kind === "deployments") {
      return {
        deployments: script.deployments.map((versions, index) => ({
          id: String(script.deployments.length - index),
          created_on: CREATED,
          versions,
        })),
      };
    }
    if (kind === "domains" && id === "changeset") {
      return { added: [], removed: [], updated: [], conflicting: [] };
    }
    if (kind === "domains") {
      const { origins } = json(call.body) as { origins: { hostname: string }[] };
      script.domains = origins.map(({ hostname }) => hostname);
      return null;
    }
    if (kind === "secrets" || kind === "routes" || kind === "schedules") return [];
    if (kind === "script-settings" || kind === "settings") return { bindings: [] };
    throw new Refusal(404, 7003, `the stand-in does not know ${method} ${call.path}`);
  }

  /** @throws Refusal if a binding's target does not exist, or is of a kind that the account does not have */
  async #upload(call: Call): Promise<Version> {
    const upload = await readUpload(await formOf(call));
    const { buckets, namespaces, queues, workers } = this.state;
    for (const { type, name, ...rest } of upload.bindings) {
      const target = (field: string): string => rest[field] as string;
      if (type === "analytics_engine" && this.missing.has("Analytics Engine")) {
        throw new Refusal(403, 10089, "You need to enable Analytics Engine.");
      }
      if (type === "service" && !(target("service") in workers)) {
        const message = `Could not resolve service binding '${name}'. Target script '${target("service")}' not found.`;
        throw new Refusal(400, 10143, message);
      }
      if (type === "durable_object_namespace") {
        const classes = workers[target("script_name")]?.classes ?? [];
        if (classes.includes(target("class_name"))) continue;
        const message = `Cannot create binding for class '${target("class_name")}': no such Durable Object class`;
        throw new Refusal(400, 10061, message);
      }
      const isThere =
        type === "r2_bucket"
          ? buckets.includes(target("bucket_name"))
          : type === "kv_namespace"
            ? Object.values(namespaces).includes(target("namespace_id"))
            : type !== "queue" || target("queue_name") in queues;
      if (!isThere) throw new Refusal(400, 10041, `the target of the binding '${name}' was not found`);
    }
    return { id: crypto.randomUUID(), upload };
  }
}

/** @throws Refusal for a class that is there already, or that nobody made */
function migrationTagOf({ migrationTag }: Script): object {
  return migrationTag === undefined ? {} : { migration_tag: migrationTag };
}

function migrateClasses(script: Script, { upload: { migrations, durableClasses } }: Version): void {
  const { classes = [], migrationTag } = script;
  if (migrations !== undefined && migrations.old_tag !== migrationTag) {
    const message = `Migration tag precondition failed; expected ${migrations.old_tag}, found ${migrationTag}`;
    throw new Refusal(412, 10079, message);
  }
  const made = migrations?.steps.flatMap(({ new_sqlite_classes = [] }) => new_sqlite_classes) ?? [];
  for (const each of made) {
    if (classes.includes(each) || !durableClasses.includes(each)) {
      throw new Refusal(400, 10074, `Cannot apply new-class migration to class '${each}'`);
    }
  }
  script.classes = [...classes, ...made];
  if (migrations !== undefined) script.migrationTag = migrations.new_tag;
}

function deployVersions(script: Script, { body, query }: Call): unknown {
  const { versions } = json(body) as { versions: Traffic };
  const chosen = versions.map(({ version_id }) => script.versions.find(({ id }) => id === version_id));
  if (chosen.includes(undefined)) throw new Refusal(404, 10145, "version not found");
  if (versions.reduce((sum, { percentage }) => sum + percentage, 0) !== 100) {
    throw new Refusal(400, 10146, "percentages do not add up to 100");
  }
  if (chosen.some((version) => version?.migrationTag !== script.migrationTag)) {
    const resource = `durable-object:${script.migrationTag}`;
    const message = `Failed to rollback due to external resources being modified (${resource})`;
    throw new Refusal(400, 100140, message);
  }
  // Going back to a version from before a secret was changed loses the change, so it must be forced.
  const newest = secretsOf(script.versions[0]?.upload);
  if (query.get("force") !== "true" && chosen.some((version) => secretsOf(version?.upload) !== newest)) {
    throw new Refusal(400, 10220, "secrets have changed since this version was active");
  }
  const traffic = versions.map(({ version_id, percentage }) => ({ version_id, percentage }));
  script.deployments.unshift(traffic);
  return { id: String(script.deployments.length) };
}

function secretsOf(upload: Upload | undefined): string {
  return JSON.stringify(upload?.bindings.filter(({ type }) => type === "secret_text"));
}

function describe({ id, upload }: Version, { subdomain }: Script): unknown {
  const bindings = upload.bindings.map((binding) =>
    binding.type === "secret_text" ? { type: binding.type, name: binding.name } : binding,
  );
  return {
    id,
    number: 1,
    metadata: {
      created_on: CREATED,
      has_preview: subdomain.previews_enabled,
      source: "wrangler",
      author_email: "",
    },
    annotations: {},
    startup_time_ms: 1,
    resources: { bindings, script: { etag: id }, script_runtime: {} },
  };
}

function numberedPage(all: readonly unknown[], { query }: Call): Page {
  const page = Number(query.get("page") ?? 1);
  const perPage = Number(query.get("per_page") ?? DEFAULT_PER_PAGE);
  const items = all.slice((page - 1) * perPage, page * perPage);
  return new Page(items, { page, per_page: perPage, count: items.length, total_count: all.length });
}

function json(body: Buffer<ArrayBuffer>): unknown {
  return JSON.parse(body.toString());
}

async function formOf({ body, contentType }: Call): Promise<FormData> {
  return await new Response(body, { headers: { "content-type": contentType } }).formData();
}
