/** The image tower is told to wake when a request arrives that will need it, and only then. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addKey } from "../support/add-key.ts";
import { COUNTER, throughCounter } from "../support/call-counter.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { behindSlowR2, SLOW_R2, readsOfSlowR2, untilRead } from "../support/faulty/slow-r2.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const WAKE = "VISION.wake";

let workers: Workers;
let key: string;
let calls: () => Promise<string[]>;
let reads: () => Promise<string[]>;
let body: string;

beforeAll(async () => {
  workers = await startWorkers({
    access: "keys",
    change: (name, options) => {
      if (name === "edgeclip") return throughCounter(options);
      return name === "edgeclip-vision" ? behindSlowR2(options) : options;
    },
    add: [SLOW_R2, COUNTER],
  });
  type Keys = Parameters<typeof addKey>[0];
  const keys = (await workers.miniflare.getKVNamespace("KEYS", "edgeclip")) as unknown as Keys;
  ({ key } = await addKey(keys, "me"));
  const counter = await workers.miniflare.unsafeGetDirectURL("counter");
  calls = async () => (await (await fetch(counter)).json()) as string[];
  reads = () => readsOfSlowR2(workers);
  body = JSON.stringify({ image: await exampleBase64("fox.png"), labels: ["fox", "bus"] });
});

afterAll(async () => {
  await workers.dispose();
});

async function send(
  path: string,
  init: RequestInit & { duplex?: "half" },
  withKey = true,
): Promise<Response> {
  const headers = {
    "content-type": "application/json",
    ...(withKey && { authorization: `Bearer ${key}` }),
  };
  return await fetch(workers.url + path, { method: "POST", headers, ...init });
}

describe("a cold image tower", () => {
  it.each([
    ["without a key", "/v1/classify", false, 401],
    ["of a route that there is not", "/v1/classif", true, 404],
    ["of a route that may need no picture", "/v1/embeddings", true, 400],
  ])("is left alone by a request %s", async (_, path, withKey, status) => {
    const response = await send(path, { body: "{}" }, withKey);
    expect(response.status).toBe(status);
    await response.text();
    expect(await calls()).not.toContain(WAKE);
    expect(await reads()).toEqual([]);
  });

  it("loads while the body is still on its way, and the answer says what that took", async () => {
    const { promise: sent, resolve: sendRest } = Promise.withResolvers<void>();
    const stream = new ReadableStream({
      async pull(controller) {
        controller.enqueue(new TextEncoder().encode(body.slice(0, 10)));
        await sent;
        controller.enqueue(new TextEncoder().encode(body.slice(10)));
        controller.close();
      },
    });
    const answer = send("/v1/classify", { body: stream, duplex: "half" });
    await untilRead(workers, "image-00.data");
    expect(await calls()).toEqual([WAKE]);
    sendRest();
    const response = await answer;
    expect(response.status).toBe(200);
    const { data } = (await response.json()) as { data: { prediction: string }[] };
    expect(data[0]?.prediction).toBe("fox");
  });

  it("is not told again once it has answered", async () => {
    await calls();
    const before = await reads();
    const response = await send("/v1/classify", { body });
    expect(response.status).toBe(200);
    await response.text();
    expect(await calls()).not.toContain(WAKE);
    expect(await reads()).toEqual(before);
    expect(response.headers.get("server-timing")).not.toContain("image-load");
  });
});
