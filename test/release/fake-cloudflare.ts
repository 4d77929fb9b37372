/**
 * A stand-in for the part of Cloudflare's API that a deployment talks to, wrangler included. What is uploaded to it runs:
 * a gateway's version is real Workers in workerd, with the models, variables and secrets of the upload, over R2 and KV
 * that all versions share, and answers at its workers.dev name. Only the names are resolved to this machine.
 */
import { execFile } from "node:child_process";
import dns from "node:dns";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import tls from "node:tls";
import { promisify } from "node:util";
import type { KVNamespace } from "@cloudflare/workers-types";
import { createProxyServer } from "httpxy";
import { startWorkers, type Workers } from "../support/workers.ts";

const DOMAIN = "example.workers.dev";
export const ACCOUNT = "0123456789abcdef0123456789abcdef";
const GATEWAY = "edgeclip";
const CREATED = "2026-01-01T00:00:00Z";

interface Binding {
  type: string;
  name: string;
  text?: string;
}

interface Version {
  id: string;
  bindings: Binding[];
  workers?: Workers;
}

export interface FakeCloudflare {
  /** For CLOUDFLARE_API_BASE_URL. */
  url: string;
  /** What was asked, such as `PUT /workers/scripts/edgeclip`, in order. */
  calls: string[];
  /** Names of the Workers that exist. */
  workers: Set<string>;
  buckets: Set<string>;
  queues: Set<string>;
  /** Ids by title. */
  namespaces: Map<string, string>;
  /** Ids of the gateway's versions that had all traffic, the newest first. */
  deployments: string[];
  /** The real Workers behind a version of the gateway. */
  running(version: string): Workers;
  close(): Promise<void>;
}

/** @param folders of the models that may be deployed, by `<alias>@<revision>` */
export async function startFakeCloudflare(folders: ReadonlyMap<string, string>): Promise<FakeCloudflare> {
  const storage = await mkdtemp(join(tmpdir(), "edgeclip-cloudflare-"));
  const calls: string[] = [];
  const [workers, buckets, queues] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const namespaces = new Map<string, string>();
  const versions = new Map<string, Version>();
  const deployments: string[] = [];
  /** Records written before any gateway runs. */
  const early = new Map<string, string>();

  const running = (id: string): Workers => {
    const found = versions.get(id)?.workers;
    if (found === undefined) throw new Error(`the version ${id} does not run`);
    return found;
  };
  const keys = async (): Promise<KVNamespace | undefined> => {
    const [any] = [...versions.values()].filter((version) => version.workers !== undefined);
    return (await any?.workers?.miniflare.getKVNamespace("KEYS", GATEWAY)) as unknown as KVNamespace;
  };

  /** Makes of an uploaded gateway what Cloudflare would: Workers that run. */
  async function keep(worker: string, bindings: Binding[]): Promise<Version> {
    const valueOf = (name: string): string => bindings.find((each) => each.name === name)?.text ?? "";
    const version: Version = { id: crypto.randomUUID(), bindings };
    versions.set(version.id, version);
    if (worker !== GATEWAY) return version;
    const served = valueOf("SERVED_MODELS").split(",");
    const [model = "", ...otherModels] = served.map((each) => folders.get(each) ?? "");
    const started = await startWorkers({
      model,
      otherModels,
      access: "keys",
      storage,
      change: (name, options) =>
        name === GATEWAY
          ? { ...options, bindings: { ...options.bindings, KEY_PEPPER: valueOf("KEY_PEPPER") } }
          : options,
    });
    version.workers = started;
    const kv = await keys();
    for (const [key, value] of early) await kv?.put(key, value);
    early.clear();
    return version;
  }

  async function answer(method: string, path: string, request: IncomingMessage): Promise<unknown> {
    const body = await buffer(request);
    const form = async (): Promise<FormData> =>
      await new Response(body, {
        headers: { "content-type": request.headers["content-type"] ?? "" },
      }).formData();
    const json = (): Record<string, string> => JSON.parse(body.toString()) as Record<string, string>;
    const bindingsOf = async (): Promise<Binding[]> =>
      (JSON.parse((await form()).get("metadata") as string) as { bindings: Binding[] }).bindings;
    const [, worker = "", rest = ""] = /^\/workers\/scripts\/([^/]+)(.*)$/.exec(path) ?? [];
    const [, value = ""] = /^\/storage\/kv\/namespaces\/[^/]+\/values\/(.+)$/.exec(path) ?? [];

    if (path === "/r2/buckets") {
      if (method === "POST") buckets.add(json()["name"] ?? "");
      return { buckets: [...buckets].map((name) => ({ name })) };
    }
    if (path.startsWith("/r2/buckets/")) {
      const name = path.slice("/r2/buckets/".length);
      return buckets.has(name) ? { name } : undefined;
    }
    if (path === "/queues") {
      if (method === "POST") queues.add(json()["queue_name"] ?? "");
      return [...queues].map((name) => ({ queue_name: name, queue_id: name, consumers: [], producers: [] }));
    }
    if (path.startsWith("/queues/")) return method === "GET" ? [] : { queue_name: "edgeclip-builds" };
    if (path === "/storage/kv/namespaces") {
      const { title } = method === "POST" ? json() : {};
      if (title !== undefined) namespaces.set(title, `${"0".repeat(31)}${namespaces.size + 1}`);
      if (title !== undefined) return { id: namespaces.get(title) };
      return [...namespaces].map(([name, id]) => ({ id, title: name }));
    }
    if (value !== "") {
      const key = decodeURIComponent(value);
      const kv = await keys();
      if (method === "DELETE") await kv?.delete(key);
      else if (kv === undefined) early.set(key, ((await form()).get("value") as string) ?? "");
      else await kv.put(key, ((await form()).get("value") as string) ?? "");
      return null;
    }
    if (path === "/workers/scripts") return [...workers].map((id) => ({ id }));
    if (path.startsWith("/workers/workers/")) {
      const name = path.slice("/workers/workers/".length);
      const port = (secure.address() as AddressInfo).port;
      const url = `https://${name}.${DOMAIN}:${port}`;
      const suffix = `-${name}.${DOMAIN}:${port}`;
      return { name, subdomain: { enabled: true, previews_enabled: true, url, preview_url_suffix: suffix } };
    }
    if (rest === "/subdomain") return { enabled: true, previews_enabled: true };
    if (path === "/workers/subdomain") return { subdomain: "example" };
    if (path.startsWith("/workers/services/")) {
      const name = path.split("/")[3] ?? "";
      if (!workers.has(name)) return undefined;
      const script = { last_deployed_from: "wrangler", tag: name, tags: null };
      return { script, default_environment: { script } };
    }
    if (rest === "/assets-upload-session") return { jwt: "complete", buckets: [] };
    if (rest === "" && method === "DELETE") {
      workers.delete(worker);
      return null;
    }
    if (rest === "" && method === "PUT") {
      workers.add(worker);
      const { id } = await keep(worker, await bindingsOf());
      if (worker === GATEWAY) deployments.unshift(id);
      return { id: worker, tag: worker, deployment_id: id, startup_time_ms: 1, entry_point: "index.js" };
    }
    if (rest === "/versions" && method === "POST") {
      return describe(await keep(worker, await bindingsOf()));
    }
    if (rest === "/versions") return { items: [...versions.values()].map((each) => describe(each)) };
    if (rest.startsWith("/versions/")) return describe(versions.get(rest.slice("/versions/".length)));
    if (rest === "/deployments") {
      const { versions: chosen } =
        method === "POST" ? (JSON.parse(body.toString()) as { versions: { version_id: string }[] }) : {};
      const [first] = chosen ?? [];
      if (first !== undefined && worker === GATEWAY) deployments.unshift(first.version_id);
      return {
        id: "deployment",
        deployments: deployments.map((id) => ({
          id,
          created_on: CREATED,
          versions: [{ version_id: id, percentage: 100 }],
        })),
      };
    }
    if (
      rest === "/secrets" ||
      rest === "/routes" ||
      rest === "/schedules" ||
      path === "/workers/domains/records"
    )
      return [];
    if (rest === "/script-settings" || rest === "/settings") return { bindings: [] };
    return undefined;
  }

  const api = createServer((request, response) => {
    void (async () => {
      const { pathname } = new URL(request.url ?? "", "http://fake");
      const path = pathname.replace(`/accounts/${ACCOUNT}`, "");
      calls.push(`${request.method} ${path}`);
      const result = await answer(request.method ?? "", path, request);
      const found = result !== undefined;
      const errors = found ? [] : [{ code: 10007, message: "no such thing" }];
      response.writeHead(found ? 200 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify({ success: found, errors, messages: [], result: result ?? null }));
    })().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  const { key, cert } = await certificate(storage);
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), cert]);
  const proxy = createProxyServer({});
  const secure = createSecureServer({ key, cert }, (request, response) => {
    const [label = ""] = (request.headers.host ?? "").split(".");
    const prefix = label.replace(`-${GATEWAY}`, "");
    const version =
      label === GATEWAY ? deployments[0] : [...versions.keys()].find((id) => id.startsWith(prefix));
    void proxy.web(request, response, { target: running(version ?? "").url });
  });
  await Promise.all(
    [api, secure].map((server) => new Promise<void>((done) => server.listen(0, "127.0.0.1", done))),
  );
  const lookup = resolveHere();
  return {
    url: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
    calls,
    workers,
    buckets,
    queues,
    namespaces,
    deployments,
    running,
    close: async () => {
      dns.lookup = lookup;
      api.close();
      secure.close();
      for (const { workers: each } of versions.values()) await each?.dispose();
      await rm(storage, { recursive: true });
    },
  };
}

function describe(version: Version | undefined): unknown {
  if (version === undefined) return undefined;
  const { id, bindings } = version;
  const resources = { bindings, script: { etag: id }, script_runtime: {} };
  return {
    id,
    number: 1,
    metadata: { created_on: CREATED, has_preview: true, source: "wrangler", author_email: "" },
    annotations: {},
    startup_time_ms: 1,
    resources,
  };
}

/** Has names of workers.dev mean this machine. @returns what to put back */
function resolveHere(): typeof dns.lookup {
  const before = dns.lookup;
  dns.lookup = ((name: string, ...rest: unknown[]) => {
    const here = name.endsWith(`.${DOMAIN}`) ? "127.0.0.1" : name;
    Reflect.apply(before, dns, [here, ...rest]);
  }) as typeof dns.lookup;
  return before;
}

async function certificate(folder: string): Promise<{ key: string; cert: string }> {
  const [keyPath, certPath] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", `/CN=${DOMAIN}`, "-addext", `subjectAltName=DNS:*.${DOMAIN}`];
  const options = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", ...subject];
  await promisify(execFile)("openssl", [...options, "-keyout", keyPath, "-out", certPath]);
  return { key: await readFile(keyPath, "utf8"), cert: await readFile(certPath, "utf8") };
}
