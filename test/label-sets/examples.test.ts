/** Labels that learn from pictures, through HTTP, with the towers, R2, KV and queue of a real workerd. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_BACKGROUND } from "../../functions/adapter/background.ts";
import { random, unitVector } from "../support/random.ts";
import { cosine } from "../support/cosine.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { LEDGER, operations, throughLedger } from "../support/faulty/ledger.ts";
import { untilReady } from "../support/label-sets.ts";
import { type Answer, request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { noiseBmp } from "../support/write-bmp.ts";

const NAMES = ["fox", "harp", "moon", "dress", "rocket", "trophy"];

let workers: Workers;
let revision: string;
let scale: number;
const pictures = new Map<string, string>();
const vectors = new Map<string, number[]>();

beforeAll(async () => {
  workers = await startWorkers({
    change: (name, options) => (name === "edgeclip" ? throughLedger(options) : options),
    add: [LEDGER],
  });
  for (const name of NAMES) pictures.set(name, await exampleBase64(`${name}.png`));
  const input = NAMES.map((name) => ({ image: pictures.get(name) }));
  const { body } = await call("POST", "/v1/embeddings", { input });
  ({ revision } = body);
  for (const [i, name] of NAMES.entries()) vectors.set(name, body.data[i].embedding);
  const { body: plain } = await classify({ labels: ["a", "b"] });
  const [first] = plain.data[0].predictions;
  scale = first.logit / first.similarity;
});

afterAll(async () => {
  await workers.dispose();
});

const call = (method: string, path: string, body?: object): Promise<Answer> =>
  request(method, workers.url + path, body);
const create = (body: object): Promise<Answer> => call("POST", "/v1/label_sets", body);
const classify = (body: object): Promise<Answer> =>
  call("POST", "/v1/classify", { image: pictures.get("fox"), ...body });
const picture = (name: string): string => pictures.get(name) ?? "";
const vector = (name: string): number[] => vectors.get(name) ?? [];

type Bucket = Awaited<ReturnType<Workers["miniflare"]["getR2Bucket"]>>;

async function bytesOf(bucket: Bucket, key: string): Promise<ArrayBuffer> {
  const object = await bucket.get(key);
  if (object === null) throw new Error(`there is no ${key}`);
  return await object.arrayBuffer();
}

/** Waits for a set. @returns it */
async function finished(id: string): Promise<Answer["body"]> {
  return (await untilReady(workers.url, id)).at(-1);
}

const next = random(7);
/** A vector that is about as like the picture as another picture of the same thing. */
function like(name: string, noise = 0.5): { embedding: number[]; revision: string } {
  const other = unitVector(vector(name).length, next);
  return { embedding: vector(name).map((value, i) => value + noise * (other[i] ?? 0)), revision };
}

interface Scored {
  label: string;
  logit: number;
  similarity: number;
  score: number;
}
const byLabel = ({ body }: Answer): Map<string, Scored> =>
  new Map(body.data[0].predictions.map((each: Scored) => [each.label, each]));

/** What the examples add to a logit. */
function term(
  examples: number[][],
  { alpha, beta }: { alpha: number; beta: number },
  image = vector("fox"),
): number {
  const near = examples.map((each) => Math.exp(-beta * (1 - cosine(image, each))));
  const mean = near.reduce((sum, value) => sum + value, 0) / near.length;
  return scale * alpha * (mean - Math.exp(-beta * (1 - DEFAULT_BACKGROUND)));
}

const logitOf = (all: Map<string, Scored>, label: string): number => all.get(label)?.logit ?? NaN;

/** The higher logit of the labels "thing" and "harp". */
const bestOf = (all: Map<string, Scored>): number => Math.max(logitOf(all, "thing"), logitOf(all, "harp"));
/** By how much the logit of "thing" is above that of "harp". */
const leadOf = (all: Map<string, Scored>): number => logitOf(all, "thing") - logitOf(all, "harp");

/** The logarithm of its odds. */
function odds({ score }: Scored): number {
  return Math.log(score / (1 - score));
}

async function idWith(examples: unknown[] | undefined): Promise<string> {
  return (await create({ labels: [{ label: "taught", examples }, "not"] })).body.id as string;
}

/** Texts that say nothing of the pictures. */
const taught = (teacher: (label: number) => string, each = 3): object[] =>
  NAMES.map((_, label) => ({
    label: `thing ${label}`,
    examples: Array.from({ length: each }, () => like(teacher(label))),
  }));

describe("examples in a request", () => {
  it("change the logits of their label as the formula says, and nothing else", async () => {
    const moon = like("moon");
    const examples = [picture("fox"), { image: picture("harp") }, moon];
    const plain = byLabel(await classify({ labels: ["thing", "harp"] }));
    const answer = await classify({ labels: [{ label: "thing", examples }, "harp"] });
    expect(answer.status).toBe(200);
    expect(answer.body.usage.images).toBe(3);
    const withExamples = byLabel(answer);
    const added = term([vector("fox"), vector("harp"), moon.embedding], { alpha: 0.1, beta: 5.5 });
    expect(withExamples.get("thing")?.logit).toBeCloseTo((plain.get("thing")?.logit ?? NaN) + added, 4);
    expect(withExamples.get("thing")?.similarity).toBe(plain.get("thing")?.similarity);
    expect(withExamples.get("harp")?.logit).toBe(plain.get("harp")?.logit);
  });

  it("compete with none: its logit stays, its score follows from theirs", async () => {
    const labels = ["thing", "harp"];
    const none = { prompts: ["something"], bias: 0.5 };
    const plain = (await classify({ labels, none })).body.data[0];
    const [best] = plain.predictions as Scored[];
    const rival = (best?.logit ?? NaN) + Math.log(plain.none_score / (best?.score ?? NaN));
    const withExamples = [{ label: "thing", examples: [picture("fox"), picture("moon")] }, "harp"];
    const row = (await classify({ labels: withExamples, none })).body.data[0];
    const logits = (row.predictions as Scored[]).map(({ logit }) => logit);
    const sum = [...logits, rival].reduce((total, logit) => total + Math.exp(logit), 0);
    expect(row.none_score).toBeCloseTo(Math.exp(rival) / sum, 5);
    expect(row.none_score).toBeLessThan(plain.none_score);
    const refused = (await classify({ labels: withExamples, none: { ...none, bias: 50 } })).body.data[0];
    expect(refused).toMatchObject({ prediction: null, score: null });
    expect((refused.predictions as Scored[]).map(({ logit }) => logit)).toEqual(logits);
  });

  it("decide among the labels that have some; the texts decide between these and the others", async () => {
    const labels = ["thing", "harp", "moon"];
    const plain = byLabel(await classify({ labels }));
    const answer = byLabel(
      await classify({
        labels: [
          { label: "thing", examples: [picture("fox")] },
          { label: "harp", examples: [picture("harp")] },
          "moon",
        ],
      }),
    );
    expect(answer.get("moon")?.logit).toBe(plain.get("moon")?.logit);
    expect(bestOf(answer)).toBeCloseTo(bestOf(plain), 5);
    const adapter = { alpha: 0.1, beta: 5.5 };
    const gained = term([vector("fox")], adapter) - term([vector("harp")], adapter);
    expect(leadOf(answer)).toBeCloseTo(leadOf(plain) + gained, 4);
  });

  it("work with multi_label", async () => {
    const labels = ["thing", "harp"];
    const plain = byLabel(await classify({ labels, multi_label: true }));
    const examples = [picture("fox")];
    const answer = byLabel(
      await classify({ labels: [{ label: "thing", examples }, "harp"], multi_label: true }),
    );
    const gained = odds(answer.get("thing") as Scored) - odds(plain.get("thing") as Scored);
    expect(gained).toBeCloseTo(term([vector("fox")], { alpha: 0.1, beta: 5.5 }), 4);
    expect(answer.get("harp")).toEqual(plain.get("harp"));
  });

  it.each([
    [
      "a vector of another model",
      { embedding: [1], revision: "0".repeat(16) },
      409,
      "label_set_model_mismatch",
      "labels[0].examples[0].revision",
    ],
    [
      "a vector of another width",
      { embedding: [1], revision: "" },
      400,
      "unsupported_dimensions",
      "labels[0].examples[0].embedding",
    ],
    [
      "a vector without its revision",
      { embedding: [1] },
      400,
      "missing_field",
      "labels[0].examples[0].revision",
    ],
    [
      "base64 of something else",
      { embedding: "abc=", revision: "" },
      400,
      "invalid_value",
      "labels[0].examples[0].embedding",
    ],
    [
      "a number that float32 cannot hold",
      { embedding: [1, 1e39], revision: "" },
      400,
      "invalid_value",
      "labels[0].examples[0].embedding",
    ],
    ["no picture", "?", 400, "invalid_image", "labels[0].examples[0]"],
    ["a file that does not exist", { file_id: "file-x" }, 404, "file_not_found", "labels[0].examples[0]"],
    ["an unknown field", { image: "AAAA", weight: 1 }, 400, "unknown_field", "labels[0].examples[0].weight"],
  ])("are refused: %s", async (_, example, status, code, param) => {
    const right =
      typeof example === "object" && "revision" in example && example.revision === ""
        ? { ...example, revision }
        : example;
    for (const asked of [
      await classify({ labels: [{ label: "a", examples: [right] }, "b"] }),
      await create({ labels: [{ label: "a", examples: [right] }, "b"] }),
    ]) {
      expect([asked.status, asked.body.error?.code, asked.body.error?.param]).toEqual([status, code, param]);
    }
  });

  it("are limited in number", async () => {
    const few = { embedding: vector("fox"), revision };
    const many = (count: number): object[] => Array.from({ length: count }, () => few);
    const tooMany = await classify({ labels: [{ label: "a", examples: many(65) }] });
    expect([tooMany.body.error?.code, tooMany.body.error?.param]).toEqual([
      "too_many_items",
      "labels[0].examples",
    ]);
    // They are counted before any of them is read.
    const small = { embedding: "?", revision };
    const labels = Array.from({ length: 40 }, (_, label) => ({
      label: `${label}`,
      examples: Array.from({ length: 51 }, () => small),
    }));
    const all = await classify({ labels });
    expect([all.body.error?.code, all.body.error?.param]).toEqual(["too_many_items", "labels"]);
    const noise = Array.from({ length: 17 }, (_, seed) =>
      Buffer.from(noiseBmp(8, 8, seed)).toString("base64"),
    );
    const seventeen = await create({ labels: [{ label: "a", examples: noise }, "b"] });
    expect([seventeen.status, seventeen.body.error?.code]).toEqual([400, "too_many_items"]);
    expect(seventeen.body.error.message).toContain("send the same request again");
    // Those that were embedded before do not count.
    await sleep(500);
    expect((await create({ labels: [{ label: "a", examples: noise }, "b"] })).status).toBe(202);
  });
});

describe("a set with examples", () => {
  it("chooses α and β, says so, and classifies by them", async () => {
    const labels = taught((label) => NAMES[label] ?? "");
    const created = await create({ labels });
    expect(created.status).toBe(202);
    expect(created.body).toMatchObject({ status: "building", adapter: null, missing_examples: false });
    const set = await finished(created.body.id);
    expect(set.adapter).toEqual({
      alpha: expect.any(Number),
      beta: expect.any(Number),
      leave_one_out_accuracy: expect.any(Number),
      text_only_accuracy: expect.any(Number),
      ignored_labels: 0,
      ignored: [],
      examples: 18,
    });
    expect(set.adapter.alpha).toBeGreaterThan(0);
    expect(set.adapter.leave_one_out_accuracy).toBeGreaterThan(set.adapter.text_only_accuracy);
    expect(set.data[0].examples).toEqual(
      Array.from({ length: 3 }, () => ({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/), revision })),
    );

    const answer = await classify({ label_set: set.id, top_k: 6 });
    expect(answer.body.data[0].prediction).toBe("thing 0");
    const none = { prompts: ["something"], bias: 50 };
    expect((await classify({ label_set: set.id, top_k: 6, none })).body.data[0]).toMatchObject({
      prediction: null,
      predictions: answer.body.data[0].predictions.map(({ label, logit }: Scored) => ({ label, logit })),
    });
    const plain = byLabel(await classify({ labels: NAMES.map((_, label) => `thing ${label}`), top_k: 6 }));
    for (const [label, { logit }] of byLabel(answer)) {
      const { examples } = labels.find((each) => (each as Scored).label === label) as {
        examples: { embedding: number[] }[];
      };
      const added = term(
        examples.map(({ embedding }) => embedding),
        set.adapter,
      );
      expect(logit).toBeCloseTo((plain.get(label)?.logit ?? NaN) + added, 3);
    }

    await operations(workers);
    expect((await classify({ label_set: set.id })).status).toBe(200);
    expect(await operations(workers)).toEqual({});

    expect((await call("DELETE", `/v1/label_sets/${set.id}`)).status).toBe(200);
    expect((await call("GET", `/v1/label_sets/${set.id}`)).status).toBe(404);
    const sets = await workers.miniflare.getR2Bucket("SETS", "ledger");
    expect((await sets.list()).objects.filter(({ key }) => key.includes(set.id))).toEqual([]);
  });

  it("falls back to the texts if the examples are of other labels", async () => {
    const labels = NAMES.map((label, i) => ({
      label,
      examples: Array.from({ length: 3 }, (_, k) => like(NAMES[(i + k + 1) % NAMES.length] ?? "")),
    }));
    const { body } = await create({ labels });
    const set = await finished(body.id);
    expect(set.adapter.alpha).toBe(0);
    expect((await classify({ label_set: set.id })).body.data[0]).toMatchObject({
      ...(await classify({ labels: NAMES })).body.data[0],
    });
  });

  it("lists the labels whose examples it ignores", async () => {
    // The texts know these pictures, and the examples of the third label are of three others.
    const labels = NAMES.map((label, i) => ({
      label,
      examples: [0, 1, 4].map((other) => like((i === 2 ? NAMES[other] : label) ?? "")),
    }));
    const { body } = await create({ labels });
    const set = await finished(body.id);
    const ignored = { ignored_labels: 1, ignored: [2] };
    expect(set.adapter).toMatchObject(ignored);
    expect(set.data[2].label).toBe("moon");
    const { body: plain } = await create({ labels: NAMES });
    const answer = await classify({ label_set: [plain.id, set.id] });
    expect(answer.body.ignored_examples).toEqual([{ label_set: set.id, ...ignored }]);
    expect((await classify({ label_set: plain.id })).body).not.toHaveProperty("ignored_examples");
  });

  it("is computed again if a release that knows no examples computed it from its texts", async () => {
    const { body } = await create({ labels: taught((label) => NAMES[label] ?? "", 2) });
    const { adapter } = await finished(body.id);
    const sets = await workers.miniflare.getR2Bucket("SETS", "ledger");
    for (const { key } of (await sets.list({ prefix: `vectors/${body.id}/` })).objects) {
      await sets.put(key, await bytesOf(sets, key));
    }
    const planKey = `plans/${body.id}/plan`;
    const { examples: _, ...plan } = JSON.parse(new TextDecoder().decode(await bytesOf(sets, planKey)));
    const bytes = JSON.stringify(plan);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    await sets.put(planKey, bytes, { customMetadata: { sha256 } });
    expect((await call("GET", `/v1/label_sets/${body.id}`)).body.status).toBe("building");
    expect((await classify({ label_set: body.id })).body.error?.code).toBe("model_unavailable");
    expect((await finished(body.id)).adapter).toEqual(adapter);
    expect((await classify({ label_set: body.id })).body.data[0].prediction).toBe("thing 0");
  });

  it("has an id that covers its examples, in whatever form they come", async () => {
    const form = new FormData();
    form.set("purpose", "vision");
    form.set("file", new Blob([Buffer.from(picture("fox"), "base64")]), "fox.png");
    const uploaded = await request("POST", `${workers.url}/v1/files`, form);
    const same = [
      picture("fox"),
      { image: `data:image/png;base64,${picture("fox")}` },
      { file_id: uploaded.body.id },
    ];
    const ids = [];
    for (const each of same) ids.push(await idWith([each]));
    expect(new Set(ids).size).toBe(1);
    const floats = Float32Array.from(vector("fox"));
    const base64 = Buffer.from(floats.buffer).toString("base64");
    const asVector = await idWith([{ embedding: vector("fox"), revision }]);
    expect(await idWith([{ embedding: base64, revision }])).toBe(asVector);
    const others = [
      await idWith(undefined),
      await idWith([picture("harp")]),
      await idWith([picture("fox"), picture("harp")]),
    ];
    expect(new Set([ids[0], asVector, ...others]).size).toBe(5);
  });

  it("leaves nothing of its pictures behind once it is deleted", async () => {
    const cache = await workers.miniflare.getKVNamespace("CACHE", "ledger");
    const kept = async (): Promise<string[]> =>
      (await cache.list({ prefix: "example1/" })).keys.map(({ name }) => name);
    const before = await kept();
    const { body } = await create({
      labels: [{ label: "a", examples: [Buffer.from(noiseBmp(8, 8, 99)).toString("base64")] }, "gone"],
    });
    await expect.poll(kept, { timeout: 30_000 }).toHaveLength(before.length + 1);
    expect((await call("DELETE", `/v1/label_sets/${body.id}`)).status).toBe(200);
    await expect.poll(kept, { timeout: 30_000 }).toEqual(before);
  });

  it("is refused for a model that its examples have no vectors of", async () => {
    const { body } = await create({ labels: [{ label: "a", examples: [like("fox")] }, "lost"] });
    await finished(body.id);
    // As for another revision: neither the set's embeddings nor its examples are there.
    const sets = await workers.miniflare.getR2Bucket("SETS", "ledger");
    for (const { key } of (await sets.list()).objects) {
      if (key.startsWith(`vectors/${body.id}`) || key.startsWith(`examples/${body.id}`))
        await sets.delete(key);
    }
    const { body: shown } = await call("GET", `/v1/label_sets/${body.id}`);
    expect(shown).toMatchObject({ status: "building", missing_examples: true });
    const skipped: string[] = [];
    for (let after: string | null = ""; after !== null;) {
      const { body: operated }: Answer = await call("POST", "/v1/operator/compute_label_sets", { after });
      skipped.push(...operated.skipped);
      ({ after } = operated);
    }
    expect(skipped).toContain(body.id);
    const { status, body: answer } = await classify({ label_set: body.id });
    expect([status, answer.error?.code]).toEqual([409, "label_set_model_mismatch"]);
    expect(answer.error.message).toContain("store the set again");
  });
});
