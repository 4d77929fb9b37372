/**
 * All steps at full size: hub, checkpoint, shards, verification, R2, serving the model, and switching back while
 * clients send requests. Every step is the command that the README names. The repository at the hub is like LAION's of
 * early 2023: the config that the exporter wrote then, and a pickle with `_metadata`. Prints times and bytes.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONFIG_NAME } from "../../build/checkpoint/file-names.ts";
import { DEFAULT_PRESET, repositoryOf } from "../../build/hub/presets.ts";
import { SYNTHETIC_MODELS } from "../../build/synthetic/configs.ts";
import { writeSynthetic } from "../../build/synthetic/write-synthetic.ts";
import { modelReference } from "../../model-shards/model-reference.ts";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { type FakeHub, startFakeHub } from "../hub/fake-hub.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { freePort } from "../../scripts/start/loopback.ts";
import { LocalService } from "../support/local-service.ts";
import { NpmStart } from "../support/npm-start.ts";
import { request } from "../support/send-request.ts";
import { steadyRequests } from "../support/steady-requests.ts";
import { DEMO_MODEL } from "../support/workers.ts";

const ROOT = join(import.meta.dirname, "../..");
const CHECKPOINT = "open_clip_pytorch_model.bin";
const CONFIG = join(import.meta.dirname, "../fixtures/open-clip", `${DEFAULT_PRESET}.json`);
const REPOSITORY = repositoryOf(DEFAULT_PRESET);
const ALIAS = "clip-convnext_base_w-laion2b-s13b-b82k-augreg";

describe.runIf(process.env["SMOKE"] !== "1")("from the hub to a service", () => {
  let folder: string;
  let hub: FakeHub;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgeclip-whole-way-"));
    const model = SYNTHETIC_MODELS["base_w"];
    if (model === undefined) throw new Error("there is no synthetic model base_w");
    const checkpoint = await writeSynthetic(join(folder, "source"), model, "bin");
    hub = await startFakeHub(
      new Map([
        [CHECKPOINT, await readFile(checkpoint)],
        [CONFIG_NAME, await readFile(CONFIG)],
      ]),
      REPOSITORY,
    );
    hub.dropAfter = 300_000_000;
    env = {
      ...process.env,
      HF_ENDPOINT: hub.endpoint,
      HF_HUB_CACHE: join(folder, "hub"),
      EDGECLIP_MODELS: join(folder, "models"),
    };
  });

  afterAll(async () => {
    hub.close();
    await rm(folder, { recursive: true });
  });

  /** Runs `npm run <script> -- <parameters>` and prints how long it took. */
  async function npm(script: string, ...parameters: string[]): Promise<string> {
    const before = Date.now();
    const options = { cwd: ROOT, env, maxBuffer: 64 * 1024 * 1024 };
    const { stdout } = await promisify(execFile)("npm", ["run", script, "--", ...parameters], options);
    console.log(`${script}: ${((Date.now() - before) / 1000).toFixed(1)} s\n${stdout}`);
    return stdout;
  }

  /** Runs `npm start -- --model <preset>`. The preset has been fetched before, so the hub is not asked. */
  async function servesAtOnce(out: string): Promise<void> {
    hub.requests.length = 0;
    const port = String(await freePort());
    const service = new NpmStart(join(folder, "at-once"), ["--model", DEFAULT_PRESET, "--port", port], env);
    try {
      const url = await service.ready();
      const image = await exampleBase64("fox.png");
      const { body } = await request("POST", `${url}/v1/classify`, { image, labels: ["fox", "bus"] });
      const { revision } = await readManifest(out);
      expect([body.model, body.revision, hub.requests]).toEqual([REPOSITORY, revision, []]);
    } finally {
      await service.stop();
    }
  }

  it("serves a model that was at the hub, and gives way again", { timeout: 1_200_000 }, async () => {
    const out = join(folder, "models", ALIAS);
    expect(await npm("model:pull")).toMatch(/71\d\.\d MB fetched, 0\.0 MB were there/);
    await npm("model:build", DEFAULT_PRESET);
    const verify = ["--checkpoint", DEFAULT_PRESET, "--plot", join(folder, "verify.png")];
    expect(await npm("model:verify", out, ...verify)).toContain(`${REPOSITORY} is verified`);
    await servesAtOnce(out);

    const demo = modelReference(await readManifest(DEMO_MODEL));
    const full = modelReference(await readManifest(out));
    const service = await LocalService.start(join(folder, "state"));
    const use = async (...models: string[]): Promise<void> => {
      const before = Date.now();
      const said = await service.run("scripts/models/use.ts", ...models);
      console.log(`use ${models.join(" ")}: ${((Date.now() - before) / 1000).toFixed(1)} s\n${said}`);
    };
    try {
      console.log(await service.run("scripts/models/push.ts", out));
      const labels = ["fox", "rabbit", "bus"];
      const { body: set } = await request("POST", `${service.url}/v1/label_sets`, { labels });
      const image = await exampleBase64("fox.png");
      const clients = steadyRequests(`${service.url}/v1/classify`, { image, label_set: set.id });
      await use(ALIAS);
      const { body } = await request("POST", `${service.url}/v1/classify`, { image, labels });
      expect([body.model, body.data[0].predictions.length]).toEqual([REPOSITORY, 3]);
      await use(demo, full);
      await use(full);
      await use(demo);
      await clients.stop();
      console.log(Object.fromEntries(clients.counts));
      const revisions = [demo, full].map((reference) => `200 ${reference.split("@")[1]}`);
      expect([...clients.counts.keys()].toSorted()).toEqual(revisions.toSorted());
      const again = await request("POST", `${service.url}/v1/label_sets`, { labels });
      expect([again.status, again.body.id, again.body.status]).toEqual([200, set.id, "ready"]);
    } finally {
      await service.stop();
    }
  });
});
