/**
 * A stand-in for the part of Cloudflare that a deployment and wrangler use: the API of an account
 * (`cloudflare-account.ts`), and the host names of workers.dev, where the uploaded Workers run (`uploaded-workers.ts`).
 * Only these names are resolved to this machine. Any call can be made to fail.
 */
import { execFile } from "node:child_process";
import dns from "node:dns";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import tls from "node:tls";
import { promisify } from "node:util";
import { createProxyServer } from "httpxy";
import { ACCOUNT, CloudflareAccount, DOMAIN, Page, Refusal } from "./cloudflare-account.ts";
import { UploadedWorkers } from "./uploaded-workers.ts";

/** How a call fails: refused before it does anything, or done while its answer says that it failed. */
export type Failing = "refused" | "done";

export interface FakeCloudflare {
  /** For CLOUDFLARE_API_BASE_URL. */
  url: string;
  account: CloudflareAccount;
  running: UploadedWorkers;
  /** Calls of the API such as `PUT /workers/scripts/edgeclip`, in order; ids of versions and keys are left out. */
  calls: string[];
  /** Requests to workers.dev, such as `new POST /v1/classify`: `new` if they reach a version uploaded since `mark`. */
  asked: string[];
  /** Calls and versions after this call count as new. */
  mark(): void;
  /**
   * Makes calls fail, by their name in `calls` or `asked`, from the n-th since `mark` on, until this is called again.
   */
  failing: (call: string, occurrence: number) => Failing | undefined;
  close(): Promise<void>;
}

export async function startFakeCloudflare(): Promise<FakeCloudflare> {
  const storage = await mkdtemp(join(tmpdir(), "edgeclip-cloudflare-"));
  const running = new UploadedWorkers(storage);
  const account = new CloudflareAccount(running, () => (secure.address() as AddressInfo).port);
  let old = new Set<string>();

  const fake: FakeCloudflare = {
    url: "",
    account,
    running,
    calls: [],
    asked: [],
    mark: () => {
      fake.calls.length = 0;
      fake.asked.length = 0;
      const { workers } = account.state;
      old = new Set(Object.values(workers).flatMap(({ versions }) => versions.map(({ id }) => id)));
    },
    failing: () => undefined,
    close: async () => {
      dns.lookup = lookup;
      api.close();
      secure.close();
      await running.dispose();
      await rm(storage, { recursive: true });
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? "", "http://fake");
    const method = request.method ?? "";
    const path = pathname.replace(`/accounts/${ACCOUNT}`, "");
    const body = Buffer.from(await buffer(request));
    const name = `${method} ${path.replace(/(?<=\/(?:versions|values|consumers)\/).+/, "…")}`;
    fake.calls.push(name);
    const failing = fake.failing(name, fake.calls.filter((each) => each === name).length);
    let status = 200;
    let answered: object;
    try {
      const call = { method, path, query, body, contentType: request.headers["content-type"] ?? "" };
      if (request.headers.authorization !== `Bearer ${account.token}`) {
        throw new Refusal(403, 10000, "Authentication error");
      }
      if (failing === "refused") throw new Refusal(400, 10001, `${name} was made to fail`);
      const result = await account.answer(call);
      if (failing === "done") throw new Refusal(400, 10001, `the answer of ${name} was lost`);
      const page = result instanceof Page ? { result: result.result, result_info: result.info } : { result };
      answered = { success: true, errors: [], ...page };
    } catch (error) {
      status = error instanceof Refusal ? error.status : 500;
      const code = error instanceof Refusal ? error.code : 10013;
      answered = { success: false, errors: [{ code, message: String(error) }], result: null };
    }
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ messages: [], ...answered }));
  }

  const proxy = createProxyServer({});
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const found = account.resolve(request.headers.host ?? "");
    if (found === undefined) {
      response.writeHead(404).end("there is nothing here yet");
      return;
    }
    const [worker, version] = found;
    const age = old.has(version.id) ? "old" : "new";
    const name = `${age} ${request.method} ${request.url}`;
    fake.asked.push(name);
    if (fake.failing(name, fake.asked.filter((each) => each === name).length) !== undefined) {
      response.writeHead(503).end(`${name} was made to fail`);
      return;
    }
    const target = await running.url(worker, version, (each) => account.deployed(each));
    await proxy.web(request, response, { target });
  }

  const api = createServer((request, response) => void answer(request, response));
  const { key, cert } = await certificate(storage);
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), cert]);
  const secure = createSecureServer({ key, cert }, (request, response) => {
    serve(request, response).catch((error: unknown) => response.writeHead(502).end(String(error)));
  });
  await Promise.all(
    [api, secure].map((server) => new Promise<void>((done) => server.listen(0, "127.0.0.1", done))),
  );
  const lookup = resolveHere();
  fake.url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  return fake;
}

/** Resolves names of workers.dev to this machine. @returns the original function, to restore it */
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
