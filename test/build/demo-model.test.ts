/** The committed model is complete and undamaged, and the committed configurations name it. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { modelFiles } from "../../model-shards/model-files.ts";
import { computeRevision } from "../../model-shards/revision.ts";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { DEMO_MODEL } from "../support/workers.ts";

const ROOT = join(import.meta.dirname, "../..");

describe("the demonstration model", async () => {
  const manifest = await readManifest(DEMO_MODEL);

  it("has the revision of its content", async () => {
    expect(await computeRevision(manifest)).toBe(manifest.revision);
  });

  it.each(modelFiles(manifest))("has $file", async ({ file, bytes, sha256 }) => {
    const content = await readFile(join(DEMO_MODEL, file));
    expect(content.byteLength).toBe(bytes);
    expect(createHash("sha256").update(content).digest("hex")).toBe(sha256);
  });

  it.each(["wrangler.toml", "functions/vision/wrangler.toml", "functions/text/wrangler.toml"])(
    "is what %s serves",
    async (config) => {
      const text = await readFile(join(ROOT, config), "utf8");
      expect(text).toMatch(new RegExp(`^(SERVED_MODELS|MODEL) = "edgeclip-demo@${manifest.revision}"$`, "m"));
    },
  );
});
