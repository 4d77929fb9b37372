/** Workers behind the gateway that fail or serve another model revision, and a model with a file missing in R2. */
import type { V4WorkerOptions } from "miniflare";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { exampleBase64 } from "../support/example-pictures.ts";
import { type Answer, post } from "../support/post.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const GATEWAY = "edgeclip";

let image: string;

beforeAll(async () => {
  image = await exampleBase64("fox.png");
});

/** A new label each time, so that the text tower is needed. */
let asked = 0;
const classify = ({ url }: Workers, fields: object = {}): Promise<Answer> =>
  post(`${url}/v1/classify`, { image, labels: [`fox ${asked++}`, "bus"], ...fields });

function expectUnavailable({ status, headers, body }: Answer): void {
  expect(status).toBe(503);
  expect(body.error).toMatchObject({ type: "server_error", code: "model_unavailable" });
  expect(headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
}

describe("a Worker behind the gateway that", () => {
  let workers: Workers;
  let trouble: (what: string) => Promise<unknown>;

  beforeAll(async () => {
    workers = await startWorkers({
      change: (name, options) => (name === GATEWAY ? behindTrouble(options) : options),
      add: [TROUBLE],
    });
    const control = await workers.miniflare.unsafeGetDirectURL("trouble");
    trouble = (what) => fetch(control, { method: "POST", body: what });
  });

  afterAll(async () => {
    await workers.dispose();
  });

  it.each(["decode", "embedPixels", "embedTokens"])(
    "breaks down in %s is a 503 whose cause is in the log only; then all is well again",
    async (method) => {
      await trouble(method);
      const answer = await classify(workers);
      expectUnavailable(answer);
      expect(answer.body.error.message).not.toContain("inner trouble");
      expect(workers.logs.join("\n")).toContain(`inner trouble in ${method}`);
      // It is no fault of the picture, so there is nothing to report in its row.
      expectUnavailable(await classify(workers, { on_error: "report" }));
      await trouble("none");
      expect((await classify(workers)).status).toBe(200);
    },
  );

  it("serves another revision causes a 503: scores across models would be meaningless", async () => {
    await trouble("revision");
    expectUnavailable(await classify(workers));
    expect(workers.logs.join("\n")).toContain("0123456789abcdef");
    await trouble("none");
    expect((await classify(workers)).status).toBe(200);
  });
});

it("a model with a file missing in R2 gives a 503 without the file's name, until the file is there", async () => {
  const workers = await startWorkers();
  onTestFinished(() => workers.dispose());
  const { models, prefix, url } = workers;
  const [manifest, weights] = [`${prefix}/manifest.json`, `${prefix}/text-00.data`];
  const originals = new Map<string, ArrayBuffer>();
  for (const key of [manifest, weights]) {
    originals.set(key, (await (await models.get(key))?.arrayBuffer()) ?? new ArrayBuffer());
    await models.delete(key);
  }
  const restore = (key: string): Promise<unknown> => models.put(key, originals.get(key) ?? "");

  expectUnavailable(await classify(workers));
  expect((await fetch(`${url}/v1/models`)).status).toBe(503);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);

  await restore(manifest);
  const answer = await classify(workers);
  expectUnavailable(answer);
  expect(answer.body.error.message).not.toContain("text-00");
  expect(workers.logs.join("\n")).toContain("text-00.data");

  await restore(weights);
  expect((await classify(workers)).status).toBe(200);
});

/**
 * Stands between the gateway and the other Workers and passes calls on. `POST /` with a method's name makes that method
 * fail; `revision` and `none` are the other modes.
 */
const TROUBLE: V4WorkerOptions = {
  name: "trouble",
  modules: [
    {
      type: "ESModule",
      path: "trouble.js",
      contents: `
import { WorkerEntrypoint } from "cloudflare:workers";
let trouble = "none";
const passOn = (binding, method) => async function (...args) {
  if (trouble === method) throw new Error("inner trouble in " + method);
  const result = await this.env[binding][method](...args);
  if (trouble === "revision" && binding === "TEXT") result.value.revision = "0123456789abcdef";
  return result;
};
export class Towers extends WorkerEntrypoint {}
Towers.prototype.decode = passOn("DECODER", "decode");
Towers.prototype.embedPixels = passOn("VISION", "embedPixels");
Towers.prototype.embedTokens = passOn("TEXT", "embedTokens");
Towers.prototype.wake = async function (...args) { await this.env.VISION.wake(...args); };
export default {
  async fetch(request) {
    trouble = await request.text();
    return new Response();
  },
};`,
    },
  ],
  compatibilityDate: "2026-10-20",
  serviceBindings: { DECODER: "edgeclip-decoder", VISION: "edgeclip-vision", TEXT: "edgeclip-text" },
  unsafeDirectSockets: [{}],
};

function behindTrouble(options: V4WorkerOptions): V4WorkerOptions {
  const towers = { name: "trouble", entrypoint: "Towers" };
  return {
    ...options,
    serviceBindings: { ...options.serviceBindings, DECODER: towers, VISION: towers, TEXT: towers },
  };
}
