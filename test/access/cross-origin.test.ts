/** Pages of other origins: which may ask, and see the answer. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { request } from "../support/send-request.ts";
import type { Workers } from "../support/workers.ts";
import { bearer, deploy, keyOf, PEPPER } from "./support/deployment.ts";

let workers: Workers;

beforeAll(async () => {
  const variables = { KEY_PEPPER: PEPPER, ALLOWED_ORIGINS: "https://a.example, https://b.example" };
  // Some requests here have no key.
  workers = await deploy("keys", variables, 60, 1000);
});

afterAll(async () => {
  await workers.dispose();
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
