/**
 * `npm run deploy`, `model:use` and `model:gc` against a stand-in for Cloudflare's API that runs what it is sent. wrangler
 * is the real one: it bundles, uploads and switches versions. What the stand-in cannot be asked is R2 through wrangler's
 * remote bindings; the bucket is a local one with the same interface.
 */
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readManifest } from "../../scripts/models-in-r2.ts";
import { modelReference } from "../../model-shards/model-reference.ts";
import { buildSynthetic } from "../support/build-synthetic.ts";
import { request } from "../support/request.ts";
import { DEMO_MODEL } from "../support/workers.ts";
import { ACCOUNT, type FakeCloudflare, startFakeCloudflare } from "./fake-cloudflare.ts";

let folder: string;
let cloudflare: FakeCloudflare;
let tiny: string;
let demo: { folder: string; reference: string };
let other: { folder: string; reference: string };
// Read once they are imported: the environment comes first.
let scripts: {
  deploy: typeof import("../../scripts/cloudflare/deploy.ts").deploy;
  modelBucket: typeof import("../../scripts/models/model-bucket.ts").modelBucket;
  collectGarbage: typeof import("../../scripts/models/gc.ts").collectGarbage;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-deploy-"));
  tiny = (await buildSynthetic("tiny", folder)).out;
  demo = { folder: DEMO_MODEL, reference: modelReference(await readManifest(DEMO_MODEL)) };
  other = { folder: tiny, reference: modelReference(await readManifest(tiny)) };
  cloudflare = await startFakeCloudflare(
    new Map([demo, other].map(({ reference, folder: path }) => [reference, path])),
  );
  vi.stubEnv("CLOUDFLARE_API_BASE_URL", cloudflare.url);
  vi.stubEnv("CLOUDFLARE_API_TOKEN", "token");
  vi.stubEnv("CLOUDFLARE_ACCOUNT_ID", ACCOUNT);
  vi.stubEnv("EDGECLIP_SECRETS", join(folder, "secrets.json"));
  vi.stubEnv("EDGECLIP_STATE", join(folder, "state"));
  scripts = {
    ...(await import("../../scripts/cloudflare/deploy.ts")),
    ...(await import("../../scripts/models/model-bucket.ts")),
    ...(await import("../../scripts/models/gc.ts")),
  };
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await cloudflare.close();
  await rm(folder, { recursive: true });
});

async function deploy(...models: string[]): Promise<string> {
  return await scripts.deploy(models, scripts.modelBucket(false));
}

/** Revisions of the tower Workers that exist. */
function towers(): string[] {
  return [...cloudflare.workers].filter((name) => /-(vision|text)-/.test(name)).toSorted();
}

function towersOf({ reference }: { reference: string }): string[] {
  const [, revision] = reference.split("@");
  return [`edgeclip-text-${revision}`, `edgeclip-vision-${revision}`];
}

describe("a deployment", { timeout: 180_000 }, () => {
  it("comes to an empty account", async () => {
    const url = await deploy();
    expect(url).toMatch(/^https:\/\/edgeclip\.example\.workers\.dev:\d+$/);
    expect([...cloudflare.buckets]).toEqual(["edgeclip-models", "edgeclip-label-sets"]);
    expect([...cloudflare.namespaces.keys()]).toEqual(["edgeclip-cache", "edgeclip-keys"]);
    expect([...cloudflare.queues]).toEqual(["edgeclip-builds"]);
    expect([...cloudflare.workers]).toHaveLength(5);
    expect(towers()).toEqual(towersOf(demo));
    // Whoever is bound to a Worker comes after it: the gateway after towers and decoder, jobs after the gateway.
    expect([...cloudflare.workers].slice(-2)).toEqual(["edgeclip", "edgeclip-jobs"]);
    expect((await stat(join(folder, "secrets.json"))).mode & 0o777).toBe(0o600);
  });

  it("left no key behind, and serves nobody without one", async () => {
    const [live = ""] = cloudflare.deployments;
    const { status, body } = await request("GET", `${cloudflare.running(live).url}/v1/models`);
    expect([status, body.error.code]).toEqual([503, "not_configured"]);
  });

  it("again changes nothing but the version: nothing is made, no model is sent", async () => {
    cloudflare.calls.length = 0;
    const secrets = await readFile(join(folder, "secrets.json"), "utf8");
    await deploy();
    const made = cloudflare.calls.filter((call) =>
      /^POST \/(r2\/buckets|queues|storage\/kv\/namespaces)$/.test(call),
    );
    expect(made).toEqual([]);
    expect(cloudflare.calls).toContain("POST /workers/scripts/edgeclip/versions");
    expect(cloudflare.calls).not.toContain("PUT /workers/scripts/edgeclip");
    expect(cloudflare.deployments).toHaveLength(2);
    expect(await readFile(join(folder, "secrets.json"), "utf8")).toBe(secrets);
  });

  it("of another model stands beside the old one's towers, and takes over", async () => {
    await deploy(tiny, "edgeclip-demo");
    expect(towers()).toEqual([...towersOf(demo), ...towersOf(other)].toSorted());
    expect(cloudflare.deployments).toHaveLength(3);
  });

  it("of a model that is not there leaves what served", async () => {
    const [before] = cloudflare.deployments;
    await expect(deploy("no-such-model")).rejects.toThrow("there is no model no-such-model in R2");
    expect(cloudflare.deployments[0]).toBe(before);
  });

  it("keeps, when cleaned up, what serves and what served before", async () => {
    await deploy("edgeclip-demo");
    await scripts.collectGarbage([], true);
    // The deployment before had both.
    expect(towers()).toEqual([...towersOf(demo), ...towersOf(other)].toSorted());
    await deploy("edgeclip-demo");
    await scripts.collectGarbage([], true);
    expect(towers()).toEqual(towersOf(demo));
    expect(cloudflare.workers).toContain("edgeclip-decoder");
  });
});
