/** Another revision of the model with existing label sets: ids stay, vectors change, nothing is lost. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import type { Answer } from "../support/post.ts";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-change-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

function create({ url }: Workers): Promise<Answer> {
  return request("POST", `${url}/v1/label_sets`, { labels: ["fox", "harp"], name: "kept" });
}

it("keeps sets, and computes their vectors again", { timeout: 120_000 }, async () => {
  const storage = join(folder, "storage");
  const image = await exampleBase64("fox.png");
  const classify = ({ url }: Workers, label_set: string): Promise<Answer> =>
    request("POST", `${url}/v1/classify`, { image, label_set });

  const before = await startWorkers({ storage });
  const created = await create(before);
  const { id } = created.body;
  const first = await classify(before, id);
  expect([created.status, first.status]).toEqual([201, 200]);
  await before.dispose();

  const { out } = await buildSynthetic("tiny", folder);
  const after = await startWorkers({ storage, model: out });
  try {
    const waiting = await request("GET", `${after.url}/v1/label_sets/${id}`);
    expect(waiting.body).toMatchObject({ id, name: "kept", status: "building", prompts_done: 0 });
    const second = await classify(after, id);
    expect(second.status).toBe(200);
    expect(second.body.revision).not.toBe(first.body.revision);
    expect(second.body.data).not.toEqual(first.body.data);
    const inline = await request("POST", `${after.url}/v1/classify`, { image, labels: ["fox", "harp"] });
    expect(second.body.data).toEqual(inline.body.data.map((row: object) => ({ ...row, label_set: id })));
    const again = await create(after);
    expect([again.status, again.body.id, again.body.status]).toEqual([200, id, "ready"]);
  } finally {
    await after.dispose();
  }
  // Going back finds the vectors of the old revision.
  const back = await startWorkers({ storage });
  try {
    expect((await classify(back, id)).body.data).toEqual(first.body.data);
  } finally {
    await back.dispose();
  }
});
