/**
 * A running `npm start` switches to another model and back while clients send requests, as a release does in a
 * deployment.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { modelReference } from "../../model-shards/model-reference.ts";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { LocalService } from "../support/local-service.ts";
import { request } from "../support/send-request.ts";
import { steadyRequests } from "../support/steady-requests.ts";
import { DEMO_MODEL } from "../support/workers.ts";

/** The command `npm run model:<name>`. */
const command = (name: string): string => `scripts/models/${name}.ts`;

let folder: string;
let service: LocalService;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-use-"));
  service = await LocalService.start(join(folder, "state"));
});

afterAll(async () => {
  await service.stop();
  await rm(folder, { recursive: true });
});

it(
  "switches there and back without a failed request; label sets keep their ids",
  { timeout: 180_000 },
  async () => {
    const demo = modelReference(await readManifest(DEMO_MODEL));
    const { out } = await buildSynthetic("tiny", folder);
    const tiny = modelReference(await readManifest(out));
    const labels = ["fox", "rabbit", "bus"];
    const { body: set } = await request("POST", `${service.url}/v1/label_sets`, { labels });
    const image = await exampleBase64("fox.png");

    expect(await service.run(command("push"), out)).toMatch(/^synthetic-tiny@\w+: \d+ files, /);
    expect(await service.run(command("push"), out)).toContain(": 0 files, 0.0 MB sent");
    await expect(service.run(command("use"), "nothing")).rejects.toThrow("there is no model nothing in R2");

    const clients = steadyRequests(`${service.url}/v1/classify`, { image, label_set: set.id });
    for (const models of [["synthetic-tiny"], [demo, tiny]]) {
      expect(await service.run(command("use"), ...models)).toMatch(/serving \S+/);
    }
    await clients.stop();
    expect([...clients.counts.keys()].toSorted()).toEqual(
      [`200 ${demo.split("@")[1]}`, `200 ${tiny.split("@")[1]}`].toSorted(),
    );
    const again = await request("POST", `${service.url}/v1/label_sets`, { labels });
    expect([again.status, again.body.id, again.body.status]).toEqual([200, set.id, "ready"]);
    const listed = await service.run(command("list"));
    expect(listed).toMatch(new RegExp(`${demo}.*by default`));
    expect(listed).toContain(tiny);
  },
);
