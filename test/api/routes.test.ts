/**
 * What every route has: an answer to methods that it does not take, headers for pages of other origins, an id, no entry
 * in a cache, and errors where its clients look for them. A route that has no row here fails.
 */
import type { KVNamespace } from "@cloudflare/workers-types";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { addKey } from "../support/add-key.ts";
import { withRateLimits } from "../support/rate-limits.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

vi.mock("cloudflare:workers", () => ({ tracing: {} }));
vi.mock("../../model-shards/clip-bpe.bin", () => ({ default: new ArrayBuffer(0) }));

/** Whose clients read the errors. */
type Readers = "OpenAI" | "Cohere" | "Hugging Face" | "MCP";

/** A route, its methods, and whose clients read its errors. */
const ROUTES: Record<string, [methods: string[], readers: Readers]> = {
  "/healthz": [["GET"], "OpenAI"],
  "/readyz": [["GET"], "OpenAI"],
  "/openapi.json": [["GET"], "OpenAI"],
  "/v1/models": [["GET"], "OpenAI"],
  "/v1/models/*": [["GET"], "OpenAI"],
  "/v1/similarity": [["POST"], "OpenAI"],
  "/v1/classify": [["POST"], "OpenAI"],
  "/v1/label_sets": [["GET", "POST"], "OpenAI"],
  "/v1/label_sets/:id": [["DELETE", "GET"], "OpenAI"],
  "/v1/embeddings": [["POST"], "OpenAI"],
  "/v1/rerank": [["POST"], "OpenAI"],
  "/v2/rerank": [["POST"], "Cohere"],
  "/v2/embed": [["POST"], "Cohere"],
  "/hf/zero-shot-image-classification": [["POST"], "Hugging Face"],
  "/hf/feature-extraction": [["POST"], "Hugging Face"],
  "/mcp": [["POST"], "MCP"],
  "/v1/files": [["GET", "POST"], "OpenAI"],
  "/v1/files/:id": [["DELETE", "GET"], "OpenAI"],
  "/v1/files/:id/content": [["GET"], "OpenAI"],
  "/v1/batches": [["GET", "POST"], "OpenAI"],
  "/v1/batches/:id": [["GET"], "OpenAI"],
  "/v1/batches/:id/cancel": [["POST"], "OpenAI"],
  "/v1/vector_stores": [["GET", "POST"], "OpenAI"],
  "/v1/vector_stores/:id": [["DELETE", "GET", "POST"], "OpenAI"],
  "/v1/vector_stores/:id/files": [["GET", "POST"], "OpenAI"],
  "/v1/vector_stores/:id/files/:file": [["DELETE", "GET", "POST"], "OpenAI"],
  "/v1/vector_stores/:id/files/:file/content": [["GET"], "OpenAI"],
  "/v1/vector_stores/:id/file_batches": [["POST"], "OpenAI"],
  "/v1/vector_stores/:id/file_batches/:batch": [["GET"], "OpenAI"],
  "/v1/vector_stores/:id/file_batches/:batch/cancel": [["POST"], "OpenAI"],
  "/v1/vector_stores/:id/file_batches/:batch/files": [["GET"], "OpenAI"],
  "/v1/vector_stores/:id/search": [["POST"], "OpenAI"],
  "/v1/operator/compute_label_sets": [["POST"], "OpenAI"],
  "/v1/operator/report": [["GET"], "OpenAI"],
};

/** Routes that need no key. */
const OPEN = new Set(["/healthz", "/readyz", "/openapi.json"]);
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const ORIGIN = "https://page.example";
/** Pages may read these of any answer (https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name). */
const SAFELISTED = new Set([
  "cache-control",
  "content-language",
  "content-length",
  "content-type",
  "expires",
]);
/** Made by the connection, or meant for the browser. */
const NOT_FOR_PAGES =
  /^(?:access-control-.*|connection|date|keep-alive|transfer-encoding|content-encoding|vary)$/;

let workers: Workers;
let authorization: string;

beforeAll(async () => {
  workers = await startWorkers({
    access: "keys",
    change: (name, options) =>
      name === "edgeclip"
        ? withRateLimits(
            { ...options, bindings: { ...options.bindings, ALLOWED_ORIGINS: ORIGIN } } as typeof options,
            { HIGH: 10_000 },
          )
        : options,
  });
  const keys = (await workers.miniflare.getKVNamespace("KEYS", "edgeclip")) as unknown as KVNamespace;
  authorization = `Bearer ${(await addKey(keys, "a", { tier: "high", operator: true })).key}`;
});

afterAll(async () => {
  await workers.dispose();
});

const ask = async (method: string, route: string, headers: Record<string, string> = {}): Promise<Response> =>
  await fetch(workers.url + route.replace(/:\w+/g, "none").replace("*", "none"), { method, headers });

const withKey = (): Record<string, string> => ({ authorization, origin: ORIGIN });

/** The methods that `allow` names. */
function allowed(methods: readonly string[]): string[] {
  return methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).toSorted();
}

/** What an answer must have, whatever it says. */
function expectHeaders({ headers }: Response, what: string): void {
  expect(headers.get("x-request-id"), what).toMatch(/^req_[0-9a-f]{24}$/);
  expect(headers.get("openai-processing-ms"), what).toMatch(/^\d+$/);
  expect(headers.get("server-timing"), what).toMatch(/total;dur=/);
  expect(headers.get("cache-control"), what).toBe("no-store");
}

/** A page of an allowed origin may read the answer and whatever the API says in headers. */
function expectReadable({ headers }: Response, what: string): void {
  expect(headers.get("access-control-allow-origin"), what).toBe(ORIGIN);
  expect(headers.get("vary"), what).toMatch(/origin/i);
  const exposed = (headers.get("access-control-expose-headers") ?? "").toLowerCase().split(/,\s*/);
  const own = [...headers.keys()].filter((name) => !SAFELISTED.has(name) && !NOT_FOR_PAGES.test(name));
  expect(exposed, what).toEqual(expect.arrayContaining(own));
}

function expectError(body: Record<string, unknown>, readers: Readers, code: string, what: string): void {
  const message = expect.stringMatching(/./) as string;
  const rest = { type: expect.any(String), param: null, code };
  const shapes: Record<Readers, object> = {
    OpenAI: { error: { message, ...rest } },
    Cohere: { message, error: { message, ...rest } },
    "Hugging Face": { error: message, ...rest },
    MCP: { jsonrpc: "2.0", id: null, error: { code: -32_600, message, data: rest } },
  };
  expect(body, what).toEqual(shapes[readers]);
}

async function expectRefusal(
  response: Response,
  readers: Readers,
  code: string,
  what: string,
): Promise<void> {
  expectHeaders(response, what);
  expectReadable(response, what);
  expect(response.headers.get("content-type"), what).toBe("application/json");
  expectError((await response.json()) as Record<string, unknown>, readers, code, what);
}

/** A path whose parameters have no names. */
function shapeOf(path: string): string {
  return path.replaceAll(/\{\w+\}|:\w+|\*/g, "{}");
}

it("has a row for every route of the gateway", async () => {
  const { app } = await import("../../functions/gateway/app.ts");
  const found = new Map<string, Set<string>>();
  for (const { method, path } of app.routes) {
    if (method === "ALL") continue;
    found.set(path, (found.get(path) ?? new Set()).add(method));
  }
  expect(Object.fromEntries([...found].map(([path, methods]) => [path, [...methods].toSorted()]))).toEqual(
    Object.fromEntries(Object.entries(ROUTES).map(([path, [methods]]) => [path, methods])),
  );
});

it("has every route in the reference, but for those that a reference cannot describe", async () => {
  const { paths } = (await (await ask("GET", "/openapi.json")).json()) as { paths: object };
  const described = new Set(Object.keys(paths).map(shapeOf));
  const others = Object.keys(ROUTES).filter((path) => !described.has(shapeOf(path)));
  expect(others).toEqual(["/openapi.json", "/mcp"]);
});

describe.each(Object.entries(ROUTES))("%s", (route, [methods, readers]) => {
  it("refuses other methods, and says which it takes", async () => {
    for (const method of METHODS.filter((each) => !methods.includes(each))) {
      const what = `${method} ${route}`;
      const response = await ask(method, route, withKey());
      expect(response.status, what).toBe(405);
      expect(response.headers.get("allow")?.split(", ").toSorted(), what).toEqual(allowed(methods));
      await expectRefusal(response, readers, "method_not_allowed", what);
    }
  });

  it("answers HEAD as GET, without a body", async () => {
    const response = await ask("HEAD", route, withKey());
    const get = await ask("GET", route, withKey());
    expect(response.status).toBe(get.status);
    for (const name of ["allow", "content-type"]) {
      expect(response.headers.get(name), name).toBe(get.headers.get(name));
    }
    expect(get.status === 405).toBe(!methods.includes("GET"));
    expect(await response.text()).toBe("");
    expectHeaders(response, "HEAD");
    expectHeaders(get, "GET");
    expectReadable(get, "GET");
    expect(get.headers.get("content-type")).toBe("application/json");
  });

  it("answers a preflight without a key", async () => {
    for (const method of methods) {
      const response = await ask("OPTIONS", route, {
        origin: ORIGIN,
        "access-control-request-method": method,
        "access-control-request-headers": "authorization, content-type, mcp-protocol-version",
      });
      expect(response.status).toBe(204);
      const of = (name: string): string[] =>
        (response.headers.get(`access-control-allow-${name}`) ?? "").split(/,\s*/);
      expect(of("origin")).toEqual([ORIGIN]);
      expect(of("methods")).toContain(method);
      expect(of("headers")).toEqual(["authorization", "content-type", "mcp-protocol-version"]);
      expectHeaders(response, "OPTIONS");
    }
  });

  it("refuses pages of other origins in its clients' words", async () => {
    const response = await ask("POST", route, { origin: "https://other.example", authorization });
    expect(response.status).toBe(403);
    expectHeaders(response, route);
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    const body = (await response.json()) as Record<string, unknown>;
    expectError(body, readers, "origin_not_allowed", route);
  });

  it.skipIf(OPEN.has(route))("needs a key", async () => {
    for (const method of methods) {
      const what = `${method} ${route}`;
      const response = await ask(method, route, { origin: ORIGIN });
      expect(response.status, what).toBe(401);
      await expectRefusal(response, readers, "invalid_api_key", what);
    }
  });
});
