/** Access control: keys in real KV, the platform's rate limits, the real OpenAI SDK, and pages of other origins. */
import { setTimeout as sleep } from "node:timers/promises";
import type { KVNamespace } from "@cloudflare/workers-types";
import OpenAI, { AuthenticationError, InternalServerError, RateLimitError } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleBase64 } from "../support/example-pictures.ts";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { newKey } from "../../functions/gateway/keys/api-key.ts";
import { addKey } from "../support/add-key.ts";

const PEPPER = "the deployment's own secret";
const RATES = { LIMIT_PUBLIC: 3, LIMIT_FREE: 4, LIMIT_STANDARD: 60, LIMIT_HIGH: 1000 };

/** A deployment with rate limits low enough for a test. @param forPublic the limit of requests without a valid key */
async function deploy(
  access: "keys" | "public",
  variables: Record<string, string> = {},
  period: 10 | 60 = 60,
  forPublic = RATES.LIMIT_PUBLIC,
): Promise<Workers> {
  const rates = { ...RATES, LIMIT_PUBLIC: forPublic };
  const ratelimits = Object.fromEntries(
    Object.entries(rates).map(([name, limit]) => [name, { namespace_id: name, simple: { limit, period } }]),
  );
  const limits = Object.entries(rates).map(([name, limit]) => `${name}=${limit}/${period}`);
  const changed = { RATE_LIMITS: limits.join(), ...variables };
  return await startWorkers({
    access,
    change: (name, options) =>
      name === "edgeclip"
        ? ({ ...options, ratelimits, bindings: { ...options.bindings, ...changed } } as typeof options)
        : options,
  });
}

async function keysOf({ miniflare }: Workers): Promise<KVNamespace> {
  return (await miniflare.getKVNamespace("KEYS", "edgeclip")) as unknown as KVNamespace;
}

/** Expires in an hour and uses the deployment's pepper, unless the test says otherwise. */
async function keyOf(
  workers: Workers,
  account: string,
  options: Parameters<typeof addKey>[2] = {},
): ReturnType<typeof addKey> {
  return await addKey(await keysOf(workers), account, { expiresIn: 3600, pepper: PEPPER, ...options });
}

const sdk = ({ url }: Workers, apiKey: string, maxRetries = 0): OpenAI =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries });
const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });

let workers: Workers;

beforeAll(async () => {
  const variables = { KEY_PEPPER: PEPPER, ALLOWED_ORIGINS: "https://a.example, https://b.example" };
  // Most requests here are refused for their key.
  workers = await deploy("keys", variables, 60, 1000);
});

afterAll(async () => {
  await workers.dispose();
});

describe("a deployment without keys", () => {
  it("refuses requests and says what to do", async () => {
    const fresh = await deploy("keys");
    try {
      const { status, body, headers } = await request("GET", `${fresh.url}/v1/models`);
      expect([status, body.error.type, body.error.code]).toEqual([503, "server_error", "not_configured"]);
      expect(body.error.message).toContain("npm run keys");
      expect(headers.get("retry-after")).toMatch(/^\d+$/);
      const error = await sdk(fresh, newKey())
        .models.list()
        .catch((refusal: unknown) => refusal);
      expect(error).toBeInstanceOf(InternalServerError);
      expect((await request("GET", `${fresh.url}/healthz`)).status).toBe(200);
    } finally {
      await fresh.dispose();
    }
  });
});

describe("with keys", () => {
  it("a key opens every endpoint", async () => {
    const { key } = await keyOf(workers, "acme");
    const client = sdk(workers, key);
    const { data } = await client.embeddings.create({ model: "edgeclip-demo", input: "a fox" });
    expect(data).toHaveLength(1);
    expect(
      (await request("GET", `${workers.url}/v1/models`, undefined, { authorization: `bearer  ${key} ` }))
        .status,
    ).toBe(200);
  });

  it("no key, a wrong one, an expired one and one of another pepper are refused", async () => {
    await keyOf(workers, "acme");
    const expired = await keyOf(workers, "acme", { expiresIn: -1 });
    const foreign = await keyOf(workers, "acme", { pepper: "another" });
    for (const key of [
      newKey(),
      expired.key,
      foreign.key,
      "sk-short",
      `${newKey()}x`,
      "x".repeat(5000),
      "sk-ключ",
    ]) {
      const headers = { authorization: Buffer.from(`Bearer ${key}`).toString("latin1") };
      const refused = await request("GET", `${workers.url}/v1/models`, undefined, headers);
      const { status, body } = refused;
      expect([status, body.error.type, body.error.code]).toEqual([
        401,
        "authentication_error",
        "invalid_api_key",
      ]);
      expect(refused.headers.get("www-authenticate")).toBe("Bearer");
      expect(JSON.stringify(body)).not.toContain(key);
    }
    for (const authorization of ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b"]) {
      const { status } = await request("GET", `${workers.url}/v1/models`, undefined, { authorization });
      expect(status, authorization).toBe(401);
    }
    const error = await sdk(workers, newKey())
      .models.list()
      .catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({
      status: 401,
      code: "invalid_api_key",
      requestID: expect.stringMatching(/^req_/),
    });
  });

  it.each(["/v1/models", "/v2/rerank", "/hf/feature-extraction", "/mcp"])(
    "a request without a key is told at %s how to send one",
    async (path) => {
      const { status, headers } = await request("POST", workers.url + path, {});
      expect([status, headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    },
  );

  it("health, readiness and the reference need no key", async () => {
    for (const path of ["/healthz", "/readyz", "/openapi.json", "/docs"]) {
      expect((await fetch(workers.url + path)).status, path).toBe(200);
    }
    expect((await request("GET", `${workers.url}/v1/nowhere`)).status).toBe(401);
  });

  it("everything else in the reference needs one, and so does /mcp", async () => {
    const { body } = await request("GET", `${workers.url}/openapi.json`);
    const open: string[] = [];
    for (const [path, methods] of Object.entries(body.paths as Record<string, Record<string, object>>)) {
      for (const [method, operation] of Object.entries(methods)) {
        const { status } = await request(method.toUpperCase(), workers.url + path.replace("{id}", "x"));
        // The reference says which needs none.
        expect(status === 401, `${method} ${path}`).toBe(!("security" in operation));
        if (status !== 401) open.push(path);
      }
    }
    expect(open).toEqual(["/healthz", "/readyz"]);
    expect((await request("POST", `${workers.url}/mcp`, {})).status).toBe(401);
  });

  it("a large body is not read before the key is", async () => {
    const { status } = await request("POST", `${workers.url}/v1/classify`, new Uint8Array(1_000_000), {
      "content-type": "application/json",
    });
    expect(status).toBe(401);
  });

  it("a remembered key stops working when it expires or is revoked", async () => {
    const soon = await keyOf(workers, "acme", { expiresIn: 2 });
    const get = async (key: string): Promise<number> =>
      (await request("GET", `${workers.url}/v1/models`, undefined, bearer(key))).status;
    expect(await get(soon.key)).toBe(200);
    const revoked = await keyOf(workers, "acme");
    await (await keysOf(workers)).delete(revoked.path);
    expect(await get(revoked.key)).toBe(401);
    await sleep(2000);
    expect(await get(soon.key)).toBe(401);
  });

  it("one account's label sets are a 404 for another account", async () => {
    const [mine, theirs] = [await keyOf(workers, "acme"), await keyOf(workers, "other")];
    const call = (method: string, path: string, key: string, body?: object): ReturnType<typeof request> =>
      request(method, workers.url + path, body, bearer(key));
    const created = await call("POST", "/v1/label_sets", mine.key, { labels: ["mine"] });
    expect(created.status).toBe(201);
    const { id } = created.body;
    const second = await keyOf(workers, "acme");
    expect((await call("GET", `/v1/label_sets/${id}`, second.key)).status).toBe(200);
    const image = await exampleBase64("fox.png");
    for (const refused of [
      await call("GET", `/v1/label_sets/${id}`, theirs.key),
      await call("DELETE", `/v1/label_sets/${id}`, theirs.key),
    ]) {
      expect([refused.status, refused.body.error.code]).toEqual([404, "label_set_not_found"]);
    }
    const classified = await call("POST", "/v1/classify", theirs.key, { image, label_set: id });
    expect([classified.status, classified.body.error.code]).toEqual([404, "label_set_not_found"]);
    expect((await call("POST", "/v1/classify", mine.key, { image, label_set: id })).status).toBe(200);
    expect((await call("GET", "/v1/label_sets", theirs.key)).body.data).toEqual([]);
    const same = await call("POST", "/v1/label_sets", theirs.key, { labels: ["mine"] });
    expect(same.body.id).not.toBe(id);
  });

  it("nothing of a key is logged", async () => {
    const { key } = await keyOf(workers, "acme");
    await request("POST", `${workers.url}/v1/classify`, {}, bearer(key));
    const logs = workers.logs.join("\n");
    expect(logs).not.toContain(key);
    expect(logs).not.toContain(key.slice(3, 20));
  });
});

describe("rate limits", () => {
  it("count by account and tier, and tell the SDK when to retry", async () => {
    const [first, second] = [
      await keyOf(workers, "frugal", { tier: "free" }),
      await keyOf(workers, "frugal", { tier: "free" }),
    ];
    for (let i = 0; i < RATES.LIMIT_FREE; i++)
      await sdk(workers, i % 2 ? first.key : second.key).models.list();
    const { status, body, headers } = await request(
      "GET",
      `${workers.url}/v1/models`,
      undefined,
      bearer(first.key),
    );
    expect([status, body.error.type, body.error.code]).toEqual([
      429,
      "rate_limit_error",
      "rate_limit_exceeded",
    ]);
    expect(headers.get("retry-after")).toBe("10");
    expect(body.error.message).toBe(
      "the rate limit of tier free is reached: 4 requests in 60 seconds; try again later",
    );
    const error = await sdk(workers, second.key)
      .models.list()
      .catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(RateLimitError);
    // Another account is not affected.
    const other = await keyOf(workers, "other frugal", { tier: "free" });
    await sdk(workers, other.key).models.list();
  });
});

it.each([
  ["wrong keys", (): Record<string, string> => bearer(newKey())],
  ["texts that are no keys", (): Record<string, string> => bearer("sk-guess")],
])("requests with %s are limited by address, and no others are", async (_, headers) => {
  const guarded = await deploy("keys", { KEY_PEPPER: PEPPER });
  try {
    const { key } = await keyOf(guarded, "acme");
    const from = (ip: string, sent: Record<string, string>): ReturnType<typeof request> =>
      request("GET", `${guarded.url}/v1/models`, undefined, { "cf-connecting-ip": ip, ...sent });
    for (let i = 0; i < RATES.LIMIT_PUBLIC; i++) {
      expect((await from("192.0.2.1", headers())).status).toBe(401);
    }
    const refused = await from("192.0.2.1", headers());
    expect([refused.status, refused.body.error.code]).toEqual([429, "rate_limit_exceeded"]);
    expect(refused.headers.get("retry-after")).toBe("10");
    expect(refused.body.error.message).toContain("requests without a valid key is reached: 3 requests");
    expect((await from("192.0.2.2", headers())).status).toBe(401);
    expect((await from("192.0.2.1", {})).status).toBe(401);
    for (let i = 0; i < 2 * RATES.LIMIT_PUBLIC; i++) {
      expect((await from("192.0.2.1", bearer(key))).status).toBe(200);
    }
  } finally {
    await guarded.dispose();
  }
});

it("a reached limit ends with its period", { timeout: 60_000 }, async () => {
  const brief = await deploy("keys", { KEY_PEPPER: PEPPER }, 10);
  try {
    const { key } = await keyOf(brief, "hasty", { tier: "free" });
    const status = async (): Promise<number> =>
      (await request("GET", `${brief.url}/v1/models`, undefined, bearer(key))).status;
    while ((await status()) === 200);
    const before = Date.now();
    await expect.poll(status, { timeout: 15_000, interval: 500 }).toBe(200);
    expect(Date.now() - before).toBeLessThan(11_000);
  } finally {
    await brief.dispose();
  }
});

describe("a public deployment", () => {
  it("needs no key, limits by address, and honors a key", async () => {
    const open = await deploy("public");
    try {
      const from = (ip: string, headers = {}): ReturnType<typeof request> =>
        request("GET", `${open.url}/v1/models`, undefined, { "cf-connecting-ip": ip, ...headers });
      for (let i = 0; i < RATES.LIMIT_PUBLIC; i++) expect((await from("192.0.2.1")).status).toBe(200);
      const refused = await from("192.0.2.1");
      expect(refused.status).toBe(429);
      expect(refused.body.error.message).toContain(
        "requests without a valid key is reached: 3 requests in 60 seconds",
      );
      expect((await from("192.0.2.2")).status).toBe(200);
      for (const method of ["GET", "POST"]) {
        const headers = { "cf-connecting-ip": `192.0.2.${method.length}` };
        const body = method === "POST" ? { labels: ["a"] } : undefined;
        const sets = await request(method, `${open.url}/v1/label_sets`, body, headers);
        expect([sets.status, sets.body.error.code]).toEqual([401, "invalid_api_key"]);
      }
      const { key } = await keyOf(open, "acme", { pepper: "" });
      expect((await from("192.0.2.1", bearer(key))).status).toBe(200);
      expect((await from("192.0.2.3", bearer(newKey()))).status).toBe(401);
    } finally {
      await open.dispose();
    }
  });
});

function ask(method: string, origin: string, headers = {}): Promise<Response> {
  return fetch(`${workers.url}/v1/models`, { method, headers: { origin, ...headers } });
}

describe("pages of other origins", () => {
  const preflight = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
  };

  it("that are allowed get the headers, at preflight and with the answer", async () => {
    const before = await ask("OPTIONS", "https://b.example", preflight);
    expect(before.status).toBe(204);
    expect(before.headers.get("access-control-allow-origin")).toBe("https://b.example");
    expect(before.headers.get("access-control-allow-headers")).toMatch(/authorization/i);
    expect(before.headers.get("access-control-allow-methods")).toMatch(/DELETE/);
    const { key } = await keyOf(workers, "acme");
    const answer = await ask("GET", "https://b.example", bearer(key));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://b.example");
    expect(answer.headers.get("access-control-expose-headers")).toMatch(/x-request-id/);
    expect(answer.headers.get("vary")).toMatch(/origin/i);
    // The page must also be able to read a refusal.
    const refused = await ask("GET", "https://b.example");
    expect(refused.headers.get("access-control-allow-origin")).toBe("https://b.example");
    expect(refused.headers.get("access-control-expose-headers")).toMatch(/www-authenticate/);
  });

  it.each(["https://evil.example", "https://a.example.evil", "http://a.example", "null"])(
    "%s is not",
    async (origin) => {
      const before = await ask("OPTIONS", origin, preflight);
      expect(before.status).toBe(403);
      expect(await before.json()).toMatchObject({
        error: { type: "permission_error", code: "origin_not_allowed" },
      });
      expect(before.headers.get("access-control-allow-origin")).toBeNull();
      expect((await ask("GET", origin)).headers.get("access-control-allow-origin")).toBeNull();
      // A browser sends a form without a preflight.
      const form = new TextEncoder().encode(
        '--x\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nvision\r\n--x--',
      );
      const { key } = await keyOf(workers, "acme");
      const headers = { origin, "content-type": "multipart/form-data; boundary=x", ...bearer(key) };
      for (const path of ["/v1/files", "/mcp"]) {
        const sent = await request("POST", workers.url + path, form, headers);
        const { code, data = { code } } = sent.body.error;
        expect([sent.status, data.code]).toEqual([403, "origin_not_allowed"]);
      }
    },
  );

  it("the deployment's own page is allowed", async () => {
    const { key } = await keyOf(workers, "acme");
    for (const origin of [workers.url, workers.url.replace("http:", "https:")]) {
      const body = { input: "a" };
      const sent = await request("POST", `${workers.url}/v1/embeddings`, body, { origin, ...bearer(key) });
      expect([sent.status, sent.body.error?.code]).toEqual([200, undefined]);
    }
  });
});
