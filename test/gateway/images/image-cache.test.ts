/**
 * The same picture again: computed once within a request, and once across requests if the deployment caches embeddings.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COUNTER, throughCounter } from "../../support/call-counter.ts";
import { exampleBase64 } from "../../support/example-pictures.ts";
import { post } from "../../support/post.ts";
import { startWorkers, type Workers } from "../../support/workers.ts";

interface Deployment {
  workers: Workers;
  calls(): Promise<string[]>;
}

async function deploy(bindings: Record<string, string | number>): Promise<Deployment> {
  const workers = await startWorkers({
    change: (name, options) =>
      name === "edgeclip"
        ? throughCounter({ ...options, bindings: { ...options.bindings, ...bindings } })
        : options,
    add: [COUNTER],
  });
  const counter = await workers.miniflare.unsafeGetDirectURL("counter");
  return { workers, calls: async () => (await (await fetch(counter)).json()) as string[] };
}

let keeping: Deployment;
let forgetting: Deployment;
let fox: string;
let other: string;

beforeAll(async () => {
  [keeping, forgetting] = await Promise.all([deploy({ IMAGE_CACHE_TTL: 3600 }), deploy({})]);
  [fox, other] = await Promise.all([exampleBase64("fox.png"), exampleBase64("dress.png")]);
});

afterAll(async () => {
  await Promise.all([keeping.workers.dispose(), forgetting.workers.dispose()]);
});

async function classify({ workers }: Deployment, ...images: string[]): ReturnType<typeof post> {
  return await post(`${workers.url}/v1/classify`, { images, labels: ["fox", "dress"] });
}

async function imageKeys({ workers }: Deployment): Promise<string[]> {
  const cache = await workers.miniflare.getKVNamespace("CACHE", "edgeclip");
  return (await cache.list({ prefix: "image" })).keys.map(({ name }) => name);
}

describe("a picture that comes twice in a request", () => {
  it("is decoded and embedded once, and appears twice in the answer", async () => {
    const before = (await forgetting.workers.memory()).size;
    expect(before).toBeGreaterThan(0);
    const stats = async (): Promise<unknown> => {
      const probe = await forgetting.workers.probe("/stats", new Uint8Array(0));
      const { vision, decoder } = (await probe.json()) as {
        vision: { runs: number }[];
        decoder: { runs: number };
      };
      return { vision: vision[0]?.runs, decoder: decoder.runs };
    };
    // Another string for the same file.
    const { body } = await classify(forgetting, fox, other, `data:image/png;base64,${fox}`, fox);
    expect(body.data.map((row: { prediction: string }) => row.prediction)).toEqual([
      "fox",
      "dress",
      "fox",
      "fox",
    ]);
    expect(body.data[2].predictions).toEqual(body.data[0].predictions);
    expect(body.usage).toMatchObject({ images: 4, cached_images: 0 });
    expect(await stats()).toEqual({ vision: 2, decoder: 2 });
  });
});

describe("a picture that comes in two requests", () => {
  it("is computed again unless the deployment caches embeddings", async () => {
    await classify(forgetting, fox);
    await forgetting.calls();
    expect((await classify(forgetting, fox)).body.usage.cached_images).toBe(0);
    expect(await forgetting.calls()).toContain("VISION.embedPixels");
    expect(await imageKeys(forgetting)).toEqual([]);
  });

  it("is answered from the cache, and the answer is the same", async () => {
    const first = await classify(keeping, fox);
    expect(first.body.usage).toMatchObject({ images: 1, cached_images: 0 });
    expect(await imageKeys(keeping)).toEqual([
      expect.stringMatching(`^image\\d+/${keeping.workers.prefix.split("/")[1]}/[0-9a-f]{64}$`),
    ]);
    await keeping.calls();
    const second = await classify(keeping, fox);
    expect(second.body.usage).toMatchObject({ images: 1, cached_images: 1 });
    expect(second.body.data).toEqual(first.body.data);
    expect(await keeping.calls()).toEqual([]);
    const both = await classify(keeping, other, fox);
    expect(both.body.usage).toMatchObject({ images: 2, cached_images: 1 });
    expect(both.body.data[1].predictions).toEqual(first.body.data[0].predictions);
    expect(await keeping.calls()).toEqual(["DECODER.decode", "VISION.embedPixels"]);
  });

  it("is computed again if the cached embedding is damaged", async () => {
    const cache = await keeping.workers.miniflare.getKVNamespace("CACHE", "edgeclip");
    const { body } = await classify(keeping, fox);
    for (const key of await imageKeys(keeping)) await cache.put(key, "short");
    const again = await classify(keeping, fox);
    expect(again.body.usage.cached_images).toBe(0);
    expect(again.body.data).toEqual(body.data);
  });
});
