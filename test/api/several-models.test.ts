/** Two models in one deployment: each request uses the model it names, and stored label sets work with both. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { LEDGER, operations, throughLedger } from "../support/faulty/ledger.ts";
import type { Answer } from "../support/post.ts";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const DEMO = { id: "edgeclip/demo", alias: "edgeclip-demo" };
const TINY = { id: "synthetic/tiny", alias: "synthetic-tiny" };
const LABELS = ["fox", "harp", "bus"];

let folder: string;
let workers: Workers;
let image: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-several-"));
  const { out } = await buildSynthetic("tiny", folder);
  image = await exampleBase64("fox.png");
  workers = await startWorkers({
    otherModels: [out],
    change: (name, options) => (name === "edgeclip" ? throughLedger(options) : options),
    add: [LEDGER],
  });
});

afterAll(async () => {
  await workers.dispose();
  await rm(folder, { recursive: true });
});

function classify(fields: object): Promise<Answer> {
  return request("POST", `${workers.url}/v1/classify`, { image, labels: LABELS, ...fields });
}

describe("several models", () => {
  it("lists them, the default first", async () => {
    const { body } = await request("GET", `${workers.url}/v1/models`);
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual([DEMO.id, TINY.id]);
    expect(body.data.map((each: { embedding_width: number }) => each.embedding_width)).toEqual([128, 32]);
    for (const name of [TINY.alias, encodeURIComponent(TINY.id), TINY.id]) {
      const one = await request("GET", `${workers.url}/v1/models/${name}`);
      expect(one.body, name).toEqual(body.data[1]);
    }
  });

  it("answers with the named model, by id or alias, in JSON and in forms", async () => {
    const [first, byId, byAlias] = await Promise.all([
      classify({}),
      classify({ model: TINY.id }),
      classify({ model: TINY.alias }),
    ]);
    expect([first.status, byId.status, byAlias.status]).toEqual([200, 200, 200]);
    expect([first.body.model, byId.body.model]).toEqual([DEMO.id, TINY.id]);
    expect(byId.body.revision).not.toBe(first.body.revision);
    expect(byAlias.body.data).toEqual(byId.body.data);
    expect(byId.body.data).not.toEqual(first.body.data);
    const form = new FormData();
    form.set("model", TINY.alias);
    form.set("labels", JSON.stringify(LABELS));
    form.set("image", new Blob([Buffer.from(image, "base64")]), "fox.png");
    const sent = await request("POST", `${workers.url}/v1/classify`, form);
    expect(sent.body.data).toEqual(byId.body.data);
  });

  it("lists the models when asked for an unknown one", async () => {
    const { status, body } = await classify({ model: "clip" });
    expect([status, body.error.code]).toEqual([404, "model_not_found"]);
    expect(body.error.message).toContain(`"${DEMO.id}", "${TINY.id}"`);
  });

  it("finds a model by its id while another's manifest cannot be read", async () => {
    const broken = await startWorkers({ otherModels: [join(folder, "tiny-int8-safetensors")] });
    try {
      const { prefix, models } = broken;
      await models.delete(`${prefix}/manifest.json`);
      const ask = (model: string): Promise<Answer> =>
        request("POST", `${broken.url}/v1/embeddings`, { model, input: "a fox" });
      expect((await ask(TINY.id)).status).toBe(200);
      expect((await ask(DEMO.id)).body.error.code).toBe("model_unavailable");
      expect((await ask("clip")).body.error.code).toBe("model_unavailable");
    } finally {
      await broken.dispose();
    }
  });
});

const sets = (path: string): Promise<Answer> => request("GET", `${workers.url}/v1/label_sets${path}`);
const state = ({ body }: Answer): unknown[] => [
  body.model,
  body.status,
  body.prompts_done,
  body.bytes !== null,
];

describe("the status of a label set", () => {
  it("is that of the requested model", async () => {
    const definition = { labels: ["a kite", "a drum"] };
    const created = await request("POST", `${workers.url}/v1/label_sets`, definition);
    const { id } = created.body;
    const byDefault = [DEMO.id, "ready", 2, true];
    expect([created.status, ...state(created)]).toEqual([201, ...byDefault]);
    const [shown, other, listed, listedForOther] = await Promise.all([
      sets(`/${id}`),
      sets(`/${id}?model=${TINY.alias}`),
      sets(""),
      sets(`?model=${encodeURIComponent(TINY.id)}`),
    ]);
    expect(state(shown)).toEqual(byDefault);
    expect(state(other)).toEqual([TINY.id, "building", 0, false]);
    const inList = ({ body }: Answer): unknown[] =>
      state({ ...shown, body: body.data.find((set: { id: string }) => set.id === id) });
    expect([inList(listed), inList(listedForOther)]).toEqual([byDefault, state(other)]);

    const forOther = await request("POST", `${workers.url}/v1/label_sets`, { ...definition, model: TINY.id });
    expect([forOther.status, forOther.body.id, ...state(forOther)]).toEqual([
      200,
      id,
      TINY.id,
      "ready",
      2,
      true,
    ]);
    expect(forOther.body.revision).not.toBe(created.body.revision);
    expect(state(await sets(`/${id}?model=${TINY.alias}`))).toEqual([TINY.id, "ready", 2, true]);
  });

  it("is `building` for one model and `ready` for the other", async () => {
    const labels = Array.from({ length: 1001 }, (_, index) => `large ${index}`);
    const { body } = await request("POST", `${workers.url}/v1/label_sets`, { labels, model: TINY.alias });
    expect([body.model, body.status]).toEqual([TINY.id, "building"]);
    await expect
      .poll(async () => (await sets(`/${body.id}?model=${TINY.alias}`)).body.status, { timeout: 30_000 })
      .toBe("ready");
    expect(state(await sets(`/${body.id}`))).toEqual([DEMO.id, "building", 0, false]);
    // The request for the status started no computation.
    await sleep(3000);
    expect(state(await sets(`/${body.id}`))).toEqual([DEMO.id, "building", 0, false]);
    const refused = await classify({ labels: undefined, label_set: body.id });
    expect(refused.body.error.message).toContain(`/v1/label_sets/${body.id}?model=${DEMO.alias}`);
    const answered = await classify({ labels: undefined, label_set: body.id, model: TINY.alias });
    expect(answered.status).toBe(200);
    await request("DELETE", `${workers.url}/v1/label_sets/${body.id}`);
  });

  it("is refused for a model that is not served", async () => {
    const answers = await Promise.all([
      sets("?model=clip"),
      sets("/ls_0123456789abcdef0123456789abcdef?model=clip"),
      request("POST", `${workers.url}/v1/label_sets`, { labels: LABELS, model: "clip" }),
    ]);
    for (const { status, body } of answers) {
      expect([status, body.error.code, body.error.param]).toEqual([404, "model_not_found", "model"]);
    }
  });

  it("is forgotten for all models when the set is deleted", async () => {
    const labels = ["a key", "a lock"];
    const { body } = await request("POST", `${workers.url}/v1/label_sets`, { labels });
    for (const model of [DEMO.alias, TINY.alias]) {
      expect((await classify({ labels: undefined, label_set: body.id, model })).status).toBe(200);
    }
    const kv = await workers.miniflare.getKVNamespace("CACHE", "ledger");
    const kept = async (): Promise<number> =>
      (await kv.list()).keys.filter(({ name }) => name.includes(body.id)).length;
    await expect.poll(kept).toBe(2);
    await request("DELETE", `${workers.url}/v1/label_sets/${body.id}`);
    expect(await kept()).toBe(0);
  });
});

describe("computing stored label sets", () => {
  it("computes what is missing for a model, once", async () => {
    const made: string[] = [];
    for (const labels of [LABELS, ["an anchor", "a bell"]]) {
      made.push((await request("POST", `${workers.url}/v1/label_sets`, { labels })).body.id);
    }
    const computed: string[] = [];
    for (let after: string | null = ""; after !== null;) {
      const { status, body }: Answer = await request(
        "POST",
        `${workers.url}/v1/operator/compute_label_sets`,
        {
          model: TINY.alias,
          after,
        },
      );
      expect([status, body.model]).toEqual([200, TINY.id]);
      if (body.computed !== null) computed.push(body.computed);
      ({ after } = body);
    }
    expect(computed.toSorted()).toEqual(made.toSorted());
    const again = await request("POST", `${workers.url}/v1/operator/compute_label_sets`, {
      model: TINY.alias,
    });
    expect([again.body.computed, again.body.after]).toEqual([null, null]);

    await operations(workers);
    const [set] = made;
    const { body } = await classify({ model: TINY.alias, labels: undefined, label_set: set });
    const { "SETS.put": written = 0 } = await operations(workers);
    expect(written).toBe(0);
    const { data } = (await classify({ model: TINY.alias })).body;
    expect(body.data).toEqual(data.map((row: object) => ({ ...row, label_set: set })));
  });

  it("computes a large set part by part", { timeout: 120_000 }, async () => {
    const labels = Array.from({ length: 1100 }, (_, index) => `thing number ${index}`);
    const { status, body: set } = await request("POST", `${workers.url}/v1/label_sets`, { labels });
    expect(status).toBe(202);
    const parts: (string | null)[] = [];
    for (let after: string | null = ""; after !== null;) {
      const { body }: Answer = await request("POST", `${workers.url}/v1/operator/compute_label_sets`, {
        model: TINY.alias,
        after,
      });
      parts.push(body.computed);
      ({ after } = body);
    }
    expect(parts.filter((id) => id === set.id).length).toBeGreaterThanOrEqual(3);
    const { body } = await classify({ model: TINY.alias, labels: undefined, label_set: set.id });
    expect(body.data[0].predictions).toHaveLength(5);
  });
});
