/** A data center's cache that gives damaged bytes, or gives them too late. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { downloadParts } from "../../../functions/runtime/model-store/download-parts.ts";
import { loadManifest } from "../../../functions/runtime/model-store/load-manifest.ts";
import {
  askShards,
  hasCache,
  type ShardsFetcher,
} from "../../../functions/runtime/model-store/shards-cache.ts";
import {
  bucketOf,
  changed,
  CONTENT,
  EXPECTED,
  reference,
  storedManifest,
  streamOf,
} from "./support/stored-objects.ts";

/** A shards Worker behind a cache, whose answers are damaged. */
function damagedCache(bytes: Uint8Array): ShardsFetcher & { forgotten: string[] } {
  const forgotten: string[] = [];
  return {
    forgotten,
    fetch: async () => {
      const response = new Response(streamOf(bytes));
      response.headers.set("cf-cache-status", "HIT");
      return response;
    },
    forget: async (prefix) => {
      forgotten.push(prefix);
    },
  };
}

describe("a cache that gives damaged bytes", () => {
  it("of the manifest forgets them if R2's are right, once a minute", async () => {
    const model = await reference();
    const shards = damagedCache(new TextEncoder().encode("{}"));
    const wrong = bucketOf(await storedManifest((manifest) => ({ ...manifest, logit_scale: 1 })));
    await expect(loadManifest({ MODELS: wrong, SHARDS: shards }, model)).rejects.toThrow("another revision");
    expect(shards.forgotten).toEqual([]);
    const right = bucketOf(await storedManifest());
    for (let i = 0; i < 3; i++) await loadManifest({ MODELS: right, SHARDS: shards }, model);
    expect(shards.forgotten).toEqual([model.replace("@", "/")]);
  });

  it("of shards forgets them if R2's are right, once a minute", async () => {
    const shards = damagedCache(changed);
    const target = new Uint8Array(300_000);
    const place = async (): Promise<() => Uint8Array<ArrayBuffer>> => () => target;
    const download = async (body: Uint8Array): Promise<void> => {
      const source = { bucket: bucketOf({ body }), prefix: "a", shards };
      const parts = [{ file: "b", ...EXPECTED }];
      for await (const _ of downloadParts(source, { parts, place, onProgress: () => {} }));
    };
    // The cache is known from an answer with its header, and one answer without it does not change that.
    await askShards(shards, "/x").then(({ body }) => body.cancel());
    await askShards({ ...shards, fetch: async () => new Response("x") }, "/x").then(({ body }) =>
      body.cancel(),
    );
    expect(hasCache()).toBe(true);
    await expect(download(changed)).rejects.toThrow("its SHA-256");
    expect(shards.forgotten).toEqual([]);
    for (let i = 0; i < 3; i++) await download(CONTENT);
    expect(target).toEqual(CONTENT);
    expect(shards.forgotten).toEqual(["a"]);
  });

  it("too late is told that nobody reads on", async () => {
    const { promise: canceled, resolve } = Promise.withResolvers<boolean>();
    const late: ShardsFetcher = {
      fetch: async () => {
        await sleep(3_300);
        return new Response(new ReadableStream({ cancel: () => resolve(true) }));
      },
      forget: async () => {},
    };
    await expect(askShards(late, "/x")).rejects.toThrow("no answer");
    expect(await canceled).toBe(true);
  });
});
