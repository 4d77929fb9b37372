/** `npm run doctor` on deployments with several models, with stages, and one that keeps embeddings of pictures. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { request } from "../support/send-request.ts";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { startWorkers } from "../support/workers.ts";
import { finding, findings } from "./support/run-doctor.ts";

const TIMEOUT = 120_000;
const WORKERS = "Workers, one isolate each";
const SETS = "label sets of all accounts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-doctor-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

it(
  "asks each model: damaged shards of the second are seen, and a set of the first is none",
  { timeout: TIMEOUT },
  async () => {
    const { out } = await buildSynthetic("tiny", folder);
    const { alias, revision } = await readManifest(out);
    const workers = await startWorkers({ otherModels: [out] });
    try {
      const { objects } = await workers.models.list({ prefix: `${alias}/` });
      const shards = objects.filter(({ key }) => /image/.test(key));
      expect(shards.length).toBeGreaterThan(0);
      for (const { key, size } of shards) await workers.models.put(key, new Uint8Array(size));
      const labels = ["fox", "harp"];
      expect((await request("POST", `${workers.url}/v1/label_sets`, { labels })).status).toBe(201);
      const { code, found } = await findings(workers.url);
      expect(code).toBe(3);
      const [first, second] = [workers.prefix.replace("/", "@"), `${alias}@${revision}`];
      expect(finding(found, `time of a classification by ${first}`, "warm").verdict).toBe("ok");
      expect(finding(found, `time of a classification by ${second}`, "fox.png")).toMatchObject({
        verdict: "differs",
        value: expect.stringContaining("model_unavailable"),
      });
      expect(found.filter(({ section }) => section === SETS)).toMatchObject([
        { name: first, verdict: "ok", value: expect.stringMatching(/^1 of 1 computed, \d/) },
        { name: second, verdict: "ok", value: "0 of 1 computed, 0.0 MB" },
        { name: "computed for no model", verdict: "ok", value: "0" },
      ]);
    } finally {
      await workers.dispose();
    }
  },
);

it("tries the image tower although embeddings of pictures are kept", { timeout: TIMEOUT }, async () => {
  const workers = await startWorkers({
    change: (name, options) =>
      name === "edgeclip"
        ? { ...options, bindings: { ...options.bindings, IMAGE_CACHE_TTL: "3600" } }
        : options,
  });
  try {
    for (const runs of [4, 8]) {
      const { code, found } = await findings(workers.url);
      expect(code).toBe(0);
      expect(finding(found, WORKERS, "image$").value).toContain(` ${runs} runs`);
      expect(finding(found, "deployment", "pictures are kept").value).toBe("for 3600 s");
    }
  } finally {
    await workers.dispose();
  }
});

it(
  "says which stage of a tower does not answer, and keeps what the others told",
  { timeout: TIMEOUT },
  async () => {
    const { out } = await buildSynthetic("mini", folder, { shardBytes: 150_000 });
    const workers = await startWorkers({
      model: out,
      stages: 3,
      add: [
        {
          name: "silent-stage",
          modules: [
            {
              type: "ESModule",
              path: "silent-stage.js",
              contents: `
import { WorkerEntrypoint } from "cloudflare:workers";
export default class extends WorkerEntrypoint {
  async stats() {
    await scheduler.wait(60_000);
  }
}`,
            },
          ],
          compatibilityDate: "2026-10-20",
        },
      ],
      change: (name, options) =>
        name === "edgeclip-vision-2"
          ? { ...options, serviceBindings: { ...options.serviceBindings, NEXT: "silent-stage" } }
          : options,
    });
    try {
      const { code, found } = await findings(workers.url);
      expect(code).toBe(3);
      expect(finding(found, "models", "^synthetic-mini@")).toMatchObject({
        verdict: "differs",
        value: expect.stringMatching(/image tower in 3 stages, of which stage 3 does not answer$/),
      });
      expect(found.filter(({ section, name }) => section === WORKERS && / image/.test(name))).toMatchObject([
        {
          name: expect.stringMatching(/image 1$/),
          verdict: "ok",
          value: expect.stringContaining("MB of WASM"),
        },
        {
          name: expect.stringMatching(/image 2$/),
          verdict: "ok",
          value: expect.stringContaining("MB of WASM"),
        },
        {
          name: expect.stringMatching(/image 3$/),
          verdict: "differs",
          value: expect.stringContaining("no answer for"),
        },
      ]);
    } finally {
      await workers.dispose();
    }
  },
);
