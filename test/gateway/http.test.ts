/** Headers of every response, and how an error becomes HTTP: the real middleware around routes that fail. */
import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { GatewayEnv } from "../../functions/gateway/middleware/gateway-env.ts";
import { errorResponse } from "../../functions/gateway/middleware/error-response.ts";
import { requestContext } from "../../functions/gateway/middleware/request-context.ts";
import { ERROR_KINDS, type ErrorCode, ServiceError } from "../../functions/runtime/errors.ts";

const CODES = Object.keys(ERROR_KINDS) as ErrorCode[];

const wait = (): Promise<void> => sleep(20);

const app = new Hono<GatewayEnv>()
  .use(requestContext)
  .get("/good", (c) => c.text("good"))
  .get("/slow", async (c) => {
    await Promise.all([c.get("timings").measure("text", wait), c.get("timings").measure("image", wait)]);
    return c.text("slow");
  })
  .get("/refuse/:code", (c) => {
    throw new ServiceError(c.req.param("code") as ErrorCode, "no", { param: "images[2]" });
  })
  .get("/defect", () => {
    throw new TypeError("cannot read secrets of undefined");
  });
app.onError(errorResponse);

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a refusal", () => {
  it.each(CODES)("%s has its status, type, code and param", async (code) => {
    const response = await app.request(`/refuse/${code}`);
    const [status, type] = ERROR_KINDS[code];
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error: { message: "no", type, param: "images[2]", code } });
    // "null" if the header is missing.
    const retryAfter = String(response.headers.get("retry-after"));
    expect(retryAfter).toMatch(status === 429 || status === 503 ? /^[1-9]\d*$/ : /^null$/);
  });
});

describe("a defect", () => {
  it("is a 500 without details, and is logged with its request", async () => {
    const response = await app.request("/defect", { headers: { "x-request-id": "mine" } });
    const body = await response.text();
    expect(response.status).toBe(500);
    expect(JSON.parse(body)).toMatchObject({ error: { type: "server_error", param: null } });
    expect(body).not.toContain("secrets");
    expect(vi.mocked(console.error).mock.calls.join()).toMatch(/"request":"mine".*secrets/);
  });
});

describe("headers", () => {
  it.each(["/good", "/refuse/invalid_image", "/refuse/overloaded"])("%s has them all", async (path) => {
    const { headers } = await app.request(path);
    expect(headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{24}$/);
    expect(headers.get("openai-processing-ms")).toMatch(/^\d+$/);
    expect(headers.get("server-timing")).toMatch(/^total;dur=\d+\.\d$/);
  });

  it.each([
    ["a.b-c_9", true],
    ["x".repeat(128), true],
    ["x".repeat(129), false],
    ["two words", false],
    ['"quoted"', false],
    ["", false],
  ])("the caller's id %j is kept: %s", async (id, kept) => {
    const { headers } = await app.request("/good", { headers: { "x-request-id": id } });
    expect(headers.get("x-request-id") === id).toBe(kept);
  });

  it("time parallel parts separately", async () => {
    const { headers } = await app.request("/slow");
    const timing = headers.get("server-timing") ?? "";
    const [text = 0, image = 0, total = 0] = [...timing.matchAll(/dur=([\d.]+)/g)].map(([, ms]) =>
      Number(ms),
    );
    expect(timing).toMatch(/^text;dur=.*, image;dur=.*, total;dur=/);
    // Timers may fire a millisecond too early.
    expect(Math.min(text, image)).toBeGreaterThanOrEqual(19);
    expect(total).toBeLessThan(text + image);
  });
});
