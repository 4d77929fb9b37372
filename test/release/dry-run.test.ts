/** Which sizes of Workers `npm run deploy -- --dry-run` lets pass. The bundling is left out. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { dryRun } from "../../scripts/deploy/dry-run.ts";
import { writeWorkerConfigs } from "../../scripts/worker-configs.ts";

const MIB = 1024 * 1024;

const size = vi.hoisted(() => ({ raw_bytes: 0, gzip_bytes: 0 }));
let folder: string;

vi.mock(import("../../scripts/cloudflare/wrangler.ts"), async (original) => ({
  ...(await original()),
  wranglerUpload: async () => ({ type: "deploy" as const, bundle_size: { ...size } }),
}));
vi.mock(import("../../scripts/cloudflare/target.ts"), async (original) => ({
  ...(await original()),
  deploymentConfigs: (manifests) => writeWorkerConfigs(manifests, folder),
}));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-dry-run-"));
  vi.spyOn(console, "log").mockImplementation(() => {});
});

afterAll(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

it("64 MiB pass, however large they are gzipped", async () => {
  Object.assign(size, { raw_bytes: 64 * MIB, gzip_bytes: 20 * MIB });
  await dryRun([]);
  expect(console.log).toHaveBeenCalledWith(expect.stringContaining("gzipped 20.97 MB"));
});

it("more does not", async () => {
  size.raw_bytes = 64 * MIB + 1;
  await expect(dryRun([])).rejects.toThrow("a Worker is larger than Cloudflare allows");
});
