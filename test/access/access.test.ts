/** API keys: in real KV, with the real OpenAI SDK. */
import { setTimeout as sleep } from "node:timers/promises";
import { AuthenticationError, InternalServerError } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newKey } from "../../functions/gateway/keys/api-key.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { request } from "../support/send-request.ts";
import type { Workers } from "../support/workers.ts";
import { bearer, deploy, keyOf, keysOf, PEPPER, sdk } from "./support/deployment.ts";

let workers: Workers;

beforeAll(async () => {
  // Most requests here are refused for their key.
  workers = await deploy("keys", { KEY_PEPPER: PEPPER }, 60, 1000);
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
