/** A request's log: one line in each Worker that took part, under one id, without the caller's data. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleBase64 } from "../support/example-pictures.ts";
import { type Answer, request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

let workers: Workers;
let image: string;

beforeAll(async () => {
  [workers, image] = await Promise.all([startWorkers(), exampleBase64("fox.png")]);
});

afterAll(async () => {
  await workers.dispose();
});

/** This project's log lines for the request with this id. */
async function linesOf(id: string, count: number): Promise<Record<string, unknown>[]> {
  const parse = (): Record<string, unknown>[] =>
    workers.logs
      .filter((line) => line.includes(id))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  await expect.poll(() => parse().length).toBe(count);
  return parse();
}

/** True for the jobs Worker's line of a set's first part. */
function isPart(line: string): boolean {
  return line.includes('"part":0') && line.includes('"worker":"jobs"');
}

describe("the log", () => {
  it("has a line of every Worker under the request's id", async () => {
    const labels = ["fox", "a secret label"];
    const headers = { "x-request-id": "trace-1" };
    await request("POST", `${workers.url}/v1/classify`, { image, labels }, headers);
    const lines = await linesOf("trace-1", 4);
    expect(
      lines
        .flatMap(({ worker }) => worker ?? [])
        .map(String)
        .toSorted(),
    ).toEqual(["decoder", "text", "vision"]);
    const line = lines.find(({ worker }) => worker === undefined);
    expect(line).toMatchObject({
      request: "trace-1",
      method: "POST",
      route: "/v1/classify",
      status: 200,
      account: "public",
      images: 1,
      cachedImages: 0,
      cachedTokens: 0,
    });
    expect(line?.["model"]).toMatch(/^edgeclip-demo@[0-9a-f]{16}$/);
    expect(Object.keys(line?.["ms"] as object).toSorted()).toEqual([
      "cache",
      "decode",
      "image",
      "image-load",
      "image-manifest",
      "image-shards",
      "text",
      "text-load",
      "text-manifest",
      "text-shards",
      "total",
    ]);
    const all = workers.logs.join("\n");
    expect(all).not.toContain("secret label");
    expect(all).not.toContain(image.slice(0, 40));
  });

  it.each([
    ["rerank", { query: "fox", documents: ["a bus"] }],
    ["embeddings", { input: "fox" }],
    ["similarity", { texts: ["fox"] }],
    ["label_sets", { labels: ["fox", "bus"] }],
    ["operator/compute_label_sets", {}],
  ])("names the model that answered %s", async (path, fields) => {
    const id = `trace-${path.replace("/", "-")}`;
    const body = path === "similarity" ? { image, ...fields } : fields;
    await request("POST", `${workers.url}/v1/${path}`, body, { "x-request-id": id });
    const isGateway = (line: string): boolean => line.includes(id) && line.includes('"route"');
    await expect.poll(() => workers.logs.filter(isGateway)).toHaveLength(1);
    const line = JSON.parse(workers.logs.find(isGateway) ?? "") as { status: number; model?: string };
    expect(line.status).toBeLessThan(300);
    expect(line.model).toMatch(/^edgeclip-demo@[0-9a-f]{16}$/);
  });

  it("has what a label set cost: its examples, and its texts if the request computed them", async () => {
    const labels = ["a set of one", "a set of two"];
    const post = (id: string, body: object): Promise<Answer> =>
      request("POST", `${workers.url}/v1/label_sets`, body, { "x-request-id": id });
    const lineOf = async (id: string): Promise<Record<string, unknown> | undefined> => {
      await expect
        .poll(() => workers.logs.some((line) => line.includes(id) && line.includes("route")))
        .toBe(true);
      return (await linesOf(id, workers.logs.filter((line) => line.includes(id)).length)).find(
        ({ worker }) => worker === undefined,
      );
    };
    expect((await post("set-1", { labels })).status).toBe(201);
    const first = await lineOf("set-1");
    expect(first).toMatchObject({ route: "/v1/label_sets", images: 0, cachedTokens: 0 });
    expect(first?.["tokens"]).toBeGreaterThan(8);
    expect((await post("set-2", { labels })).status).toBe(200);
    expect(await lineOf("set-2")).toMatchObject({ tokens: 0, images: 0 });
    const taught = [{ label: "one", examples: [image] }, "two"];
    expect((await post("set-3", { labels: taught })).status).toBe(202);
    // The texts are computed in the background, and recorded there.
    await expect.poll(() => workers.logs.filter(isPart).length, { timeout: 20_000 }).toBe(1);
    expect(JSON.parse(workers.logs.find(isPart) ?? "")).toMatchObject({ tokens: expect.any(Number) });
    expect(workers.logs.find(isPart)).not.toContain('"tokens":0');
    expect(await lineOf("set-3")).toMatchObject({ tokens: 0, images: 1, cachedImages: 0 });
    expect([200, 202]).toContain((await post("set-4", { labels: taught })).status);
    expect(await lineOf("set-4")).toMatchObject({ tokens: 0, images: 1, cachedImages: 1 });
  });

  it("leaves out the Workers whose results came from caches", async () => {
    const body = { image, labels: ["fox", "a secret label"] };
    await request("POST", `${workers.url}/v1/classify`, body, { "x-request-id": "trace-2" });
    const lines = await linesOf("trace-2", 3);
    expect(
      lines
        .flatMap(({ worker }) => worker ?? [])
        .map(String)
        .toSorted(),
    ).toEqual(["decoder", "vision"]);
    const line = lines.find(({ worker }) => worker === undefined);
    expect(line?.["cachedTokens"]).toBe(line?.["tokens"]);
  });

  it("has the code of a refusal, and routes instead of paths", async () => {
    await request("GET", `${workers.url}/v1/label_sets/ls_private-id`, undefined, {
      "x-request-id": "trace-3",
    });
    expect(await linesOf("trace-3", 1)).toMatchObject([
      { route: "/v1/label_sets/:id", status: 404, code: "label_set_not_found" },
    ]);
    expect(workers.logs.join("\n")).not.toContain("ls_private-id");
  });
});
