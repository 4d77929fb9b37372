/** A model's manifest is the one of its revision, is read once, or is refused with the reason. */
import { describe, expect, it } from "vitest";
import { leasedManifest } from "../../../functions/runtime/model-store/leased-manifest.ts";
import { loadManifest } from "../../../functions/runtime/model-store/load-manifest.ts";
import type { ObjectReader } from "../../../functions/runtime/model-store/read-verified.ts";
import type { Manifest } from "../../../model-shards/manifest.ts";
import { bucketOf, reference, refusal, storedManifest } from "./support/stored-objects.ts";

describe("loadManifest", () => {
  it("reads the one that hashes to the revision, from its place", async () => {
    const bucket = bucketOf(await storedManifest());
    const model = await reference();
    const { manifest } = await loadManifest({ MODELS: bucket }, model);
    expect(`${manifest.alias}@${manifest.revision}`).toBe(model);
    expect(bucket.asked).toEqual([[`${model.replace("@", "/")}/manifest.json`, undefined]]);
  });

  it.each<[string, (manifest: Manifest) => unknown, string]>([
    [
      "another content",
      (manifest) => ({ ...manifest, logit_scale: manifest.logit_scale + 1 }),
      "of another revision",
    ],
    [
      "another revision",
      (manifest) => ({ ...manifest, revision: "0123456789abcdef" }),
      "of another revision",
    ],
    ["another shape", (manifest) => ({ ...manifest, image: 7 }), "of another version or damaged"],
  ])("refuses %s", async (_, change, why) => {
    const model = await reference();
    expect(await refusal(loadManifest({ MODELS: bucketOf(await storedManifest(change)) }, model))).toEqual([
      "model_unavailable",
      `model ${model}: its manifest is ${why}`,
    ]);
  });

  it.each([
    ["missing", null],
    ["unreadable", new Error("down")],
    ["no JSON", { body: new TextEncoder().encode("{") }],
  ])("refuses one that is %s", async (_, object) => {
    const model = await reference();
    expect(await refusal(loadManifest({ MODELS: bucketOf(object) }, model))).toEqual([
      "model_unavailable",
      `model ${model}: its manifest cannot be read`,
    ]);
  });

  it("says that there is none where there is none", async () => {
    await expect(loadManifest({ MODELS: bucketOf(null) }, await reference())).rejects.toMatchObject({
      cause: { message: "no such object" },
    });
  });
});

describe("leasedManifest", () => {
  it("reads a model's manifest once, also after it could not be read", async () => {
    const model = await reference();
    const kept: Promise<unknown>[] = [];
    const get = (bucket: ObjectReader): Promise<unknown> =>
      leasedManifest({ MODELS: bucket }, model, (work) => kept.push(work));
    await expect(get(bucketOf(null))).rejects.toThrow(`model ${model}: its manifest cannot be read`);
    const bucket = bucketOf(await storedManifest());
    const first = await get(bucket);
    expect(first).toMatchObject({ manifest: { alias: "edgeclip-demo" } });
    expect(await get(bucketOf(null))).toBe(first);
    expect(bucket.asked).toHaveLength(1);
    expect(kept).toHaveLength(2);
    // Another model has its own.
    const other = leasedManifest({ MODELS: bucket }, "other@0123456789abcdef", () => {});
    await expect(other).rejects.toThrow("model other@0123456789abcdef");
  });
});
