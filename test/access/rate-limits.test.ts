/** The platform's rate limits: by account and tier, and by address for who has no valid key. */
import { RateLimitError } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newKey } from "../../functions/gateway/keys/api-key.ts";
import { request } from "../support/send-request.ts";
import type { Workers } from "../support/workers.ts";
import { bearer, deploy, keyOf, PEPPER, RATES, sdk } from "./support/deployment.ts";

let workers: Workers;

beforeAll(async () => {
  workers = await deploy("keys", { KEY_PEPPER: PEPPER });
});

afterAll(async () => {
  await workers.dispose();
});

describe("rate limits", () => {
  it("count by account and tier, and tell the SDK when to retry", async () => {
    const [first, second] = [
      await keyOf(workers, "frugal", { tier: "free" }),
      await keyOf(workers, "frugal", { tier: "free" }),
    ];
    for (let i = 0; i < RATES.FREE; i++) await sdk(workers, i % 2 ? first.key : second.key).models.list();
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
    for (let i = 0; i < RATES.PUBLIC; i++) {
      expect((await from("192.0.2.1", headers())).status).toBe(401);
    }
    const refused = await from("192.0.2.1", headers());
    expect([refused.status, refused.body.error.code]).toEqual([429, "rate_limit_exceeded"]);
    expect(refused.headers.get("retry-after")).toBe("10");
    expect(refused.body.error.message).toContain("requests without a valid key is reached: 3 requests");
    expect((await from("192.0.2.2", headers())).status).toBe(401);
    expect((await from("192.0.2.1", {})).status).toBe(401);
    for (let i = 0; i < 2 * RATES.PUBLIC; i++) {
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
      for (let i = 0; i < RATES.PUBLIC; i++) expect((await from("192.0.2.1")).status).toBe(200);
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
