/** Models in R2 that are incomplete or wrong: a clear 503, a log line that names the cause, recovery in place. */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Manifest } from "../../model-shards/manifest.ts";
import { computeRevision } from "../../model-shards/revision.ts";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { type Answer, post } from "../support/post.ts";
import { DEMO_MODEL, startWorkers, type Workers } from "../support/workers.ts";

let workers: Workers;

const classify = async (): Promise<Answer> =>
  await post(`${workers.url}/v1/classify`, { image: await exampleBase64("fox.png"), labels: ["fox", "bus"] });

/** The answer as it should be, whatever is wrong with the model. */
const REFUSED = { status: 503, code: "model_unavailable", retryAfter: expect.stringMatching(/^\d+$/) };

async function refusal() {
  const { status, body, headers } = await classify();
  return { status, code: body.error?.code, retryAfter: headers.get("retry-after") };
}

describe("a file of the model", () => {
  beforeEach(async () => {
    workers = await startWorkers();
  });

  afterEach(async () => {
    await workers.dispose();
  });

  const damages: [
    what: string,
    file: string,
    damage: (bytes: Buffer) => Buffer | undefined,
    cause: string,
  ][] = [
    ["missing", "image-00.data", () => undefined, "image-00.data: it is missing"],
    [
      "truncated",
      "image-00.data",
      (bytes) => bytes.subarray(0, 1000),
      "it has 1000 bytes, the manifest says",
    ],
    ["missing from the text tower", "text-00.onnx", () => undefined, "text-00.onnx: it is missing"],
    ["a damaged token table", "token-embedding.data", (bytes) => Buffer.alloc(bytes.length), "SHA-256"],
    ["a missing manifest", "manifest.json", () => undefined, "its manifest cannot be read"],
    ["a manifest that is not JSON", "manifest.json", () => Buffer.from("{"), "its manifest cannot be read"],
    [
      "a manifest of another version",
      "manifest.json",
      (bytes) => Buffer.from(bytes.toString().replace("edgeclip-manifest/1", "edgeclip-manifest/3")),
      "of another version or damaged",
    ],
    [
      "a manifest of another image tower",
      "manifest.json",
      (bytes) =>
        Buffer.from(
          bytes
            .toString()
            .replace("edgeclip-manifest/1", "edgeclip-manifest/2")
            .replace('"image": {', '"image": { "architecture": "resnet",'),
        ),
      "of another version or damaged",
    ],
    [
      "a manifest of another revision",
      "manifest.json",
      (bytes) => Buffer.from(bytes.toString().replace('"license": "mit"', '"license": "apache"')),
      "of another revision",
    ],
  ];

  it.each(damages)("%s is refused, and used once it is put right", async (_, file, damage, cause) => {
    const key = `${workers.prefix}/${file}`;
    const original = await readFile(join(DEMO_MODEL, file));
    const damaged = damage(original);
    if (damaged === undefined) await workers.models.delete(key);
    else await workers.models.put(key, damaged);
    expect(await refusal()).toEqual(REFUSED);
    expect(workers.logs.join("\n")).toContain(cause);
    await workers.models.put(key, original);
    expect((await classify()).body.data?.[0].prediction).toBe("fox");
  });
});

describe("a manifest", () => {
  it("that names a shard larger than an isolate can hold is refused before anything is loaded", async () => {
    const folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
    try {
      await cp(DEMO_MODEL, folder, { recursive: true });
      const { revision: _, ...content } = await readManifest(DEMO_MODEL);
      const shards = content.image.shards.map((shard) => ({ ...shard, peak_activation_bytes: 300_000_000 }));
      const image = { ...content.image, shards };
      const manifest = { ...content, image } as Omit<Manifest, "revision">;
      const revision = await computeRevision(manifest);
      await writeFile(join(folder, "manifest.json"), JSON.stringify({ ...manifest, revision }));
      workers = await startWorkers({ model: folder });
      expect(await refusal()).toEqual(REFUSED);
      expect(workers.logs.join("\n")).toContain("bytes of WASM memory; 112000000 are allowed");
    } finally {
      await workers.dispose();
      await rm(folder, { recursive: true });
    }
  });
});
