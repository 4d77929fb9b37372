/** `min_score` and `none`: what leaves a picture without a prediction, compared with a plain computation. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as responses from "../../../functions/gateway/openapi/responses.ts";
import { DEFAULT_NONE } from "../../../functions/gateway/schemas/fields/none.ts";
import { rankLabels } from "../../../functions/gateway/score/rank-labels.ts";
import { exampleBase64 } from "../../support/example-pictures.ts";
import { type Answer, post } from "../../support/post.ts";
import { request } from "../../support/send-request.ts";
import { startWorkers, type Workers } from "../../support/workers.ts";
import { random, unitVector } from "../../support/random.ts";

const LABELS = ["fox", "bus", "grapes", "alarm clock"];
/** Digits to which float32 vectors give the same logits in two orders of summation. */
const DIGITS = 5;

let workers: Workers;
let fox: string;

beforeAll(async () => {
  workers = await startWorkers();
  fox = await exampleBase64("fox.png");
});

afterAll(async () => {
  await workers.dispose();
});

const classify = (body: object): Promise<Answer> =>
  post(`${workers.url}/v1/classify`, { image: fox, labels: LABELS, ...body });

/** Logits of texts that are sent as they are. */
async function logitsOf(texts: readonly string[]): Promise<number[]> {
  const { body } = await post(`${workers.url}/v1/similarity`, { image: fox, texts });
  return (body.data[0].scores as { logit: number }[]).map(({ logit }) => logit);
}

function logitsIn({ body }: Answer): number[] {
  return (body.data[0].predictions as { logit: number }[]).map(({ logit }) => logit);
}

function joined(rows: readonly Float32Array[]): Float32Array {
  return Float32Array.from(rows.flatMap((row) => [...row]));
}

/** The formula as the documents state it, without regard to overflow. */
function plain(labels: readonly number[], prompts: readonly number[], bias: number) {
  const rival = Math.log(prompts.reduce((sum, logit) => sum + Math.exp(logit), 0) / prompts.length) + bias;
  const total = [...labels, rival].reduce((sum, logit) => sum + Math.exp(logit), 0);
  return {
    scores: labels.map((logit) => Math.exp(logit) / total),
    none: Math.exp(rival) / total,
    isNone: rival > Math.max(...labels),
  };
}

describe("none", () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7])("is a rival in the softmax, seed %i", (seed) => {
    const next = random(seed);
    const [width, scale, bias] = [16, 20, 8 * (next() - 0.5)];
    const vectors = (count: number): Float32Array[] =>
      Array.from({ length: count }, () => unitVector(width, next));
    const [labels, prompts, image] = [vectors(5), vectors(3), unitVector(width, next)];
    const matrix = {
      labels: LABELS.concat("e"),
      minSimilarity: [],
      vectors: joined(labels),
      truncated: new Set<number>(),
      negative: new Float32Array(),
    };
    const options = { scale, topK: 5, multiLabel: false, minSimilarity: null, minScore: 0 };
    const rival = { vectors: joined(prompts), bias };
    const ranking = rankLabels(image, matrix, { ...options, rival });
    const logits = (rows: readonly Float32Array[]): number[] =>
      rows.map((row) => scale * row.reduce((sum, value, i) => sum + value * (image[i] ?? 0), 0));
    const expected = plain(logits(labels), logits(prompts), bias);
    expect(ranking.none_score).toBeCloseTo(expected.none, DIGITS);
    expect(ranking.prediction === null).toBe(expected.isNone);
    expect(ranking.score).toBe(expected.isNone ? null : ranking.predictions[0]?.score);
    for (const { label, score } of ranking.predictions) {
      expect(score).toBeCloseTo(expected.scores[matrix.labels.indexOf(label)] ?? 0, DIGITS);
    }
    // Without it, the order and the logits are the same.
    const without = rankLabels(image, matrix, { ...options, rival: undefined });
    expect(without).not.toHaveProperty("none_score");
    const order = ({ predictions }: typeof without): object[] =>
      predictions.map(({ label, logit }) => ({ label, logit }));
    expect(order(ranking)).toEqual(order(without));
  });

  it("has the scores of its formula over HTTP, in each of its forms", async () => {
    const prompts = ["a drawing.", "an icon."];
    const labels = await logitsOf(LABELS.map((label) => `a photo of a ${label}.`));
    const forms: [none: unknown, prompts: string[], bias: number][] = [
      [true, DEFAULT_NONE, 0],
      [{}, DEFAULT_NONE, 0],
      [{ bias: 30 }, DEFAULT_NONE, 30],
      [prompts, prompts, 0],
      [{ prompts, bias: -2 }, prompts, -2],
    ];
    for (const [none, used, bias] of forms) {
      const { status, body } = await classify({ none });
      expect(status).toBe(200);
      const [row] = body.data;
      const expected = plain(labels, await logitsOf(used), bias);
      expect(row.none_score).toBeCloseTo(expected.none, DIGITS);
      expect(row.predictions[0]).toMatchObject({ label: "fox" });
      expect(row.predictions[0].score).toBeCloseTo(expected.scores[0] ?? 0, DIGITS);
      expect([row.prediction, row.score]).toEqual(
        expected.isNone ? [null, null] : ["fox", row.predictions[0].score],
      );
      expect(expected.isNone).toBe(bias === 30);
      expect(responses.classifyResponseSchema.parse(body)).toEqual(body);
    }
  });

  it("changes nothing else: false is as absent, and vectors are the same", async () => {
    const [without, off, on] = [
      await classify({}),
      await classify({ none: false }),
      await classify({ none: true }),
    ];
    expect(off.body.data).toEqual(without.body.data);
    expect(logitsIn(on)).toEqual(logitsIn(without));
    expect(on.body.usage.prompt_tokens).toBeGreaterThan(without.body.usage.prompt_tokens);
  });

  it("scores a stored set as the same labels inline, in groups too, whatever the set's negatives", async () => {
    const none = { prompts: ["an icon."], bias: 1 };
    const inline = await classify({ none });
    const set = await request("POST", `${workers.url}/v1/label_sets`, {
      labels: LABELS,
      negative: ["a bus."],
    });
    const stored = await classify({ none, labels: undefined, label_set: set.body.id });
    expect(stored.body.data).toEqual([{ ...inline.body.data[0], label_set: set.body.id }]);
    expect(stored.body.usage.prompt_tokens).toBeGreaterThan(inline.body.usage.prompt_tokens);
    const two = await request("POST", `${workers.url}/v1/label_sets`, { labels: ["harp", "dress"] });
    const groups = await classify({ none, labels: undefined, label_set: [set.body.id, two.body.id] });
    const [row] = groups.body.data;
    const { prediction, score, none_score, predictions } = inline.body.data[0];
    expect(row.groups[0]).toEqual({ label_set: set.body.id, prediction, score, none_score, predictions });
    const other = await classify({ none, labels: ["harp", "dress"] });
    expect(row.groups[1].none_score).toBe(other.body.data[0].none_score);
  });

  it("works beside a list of labels that is cached as a matrix", async () => {
    const labels = [...LABELS, ...Array.from({ length: 120 }, (_, i) => `thing ${i}`)];
    const first = await classify({ labels, none: true });
    const second = await classify({ labels, none: true });
    expect(second.body.data).toEqual(first.body.data);
    expect(second.body.usage.prompt_tokens_details.cached_tokens).toBe(second.body.usage.prompt_tokens);
    const other = await classify({ labels, none: ["fox"] });
    expect(other.body.data[0].none_score).not.toBe(first.body.data[0].none_score);
  });

  it.each([
    ["with multi_label", { none: true, multi_label: true }, "invalid_value", "none"],
    ["without prompts", { none: [] }, "empty_input", "none"],
    ["an empty prompt", { none: ["a", " "] }, "empty_input", "none[1]"],
    ["101 prompts", { none: Array.from({ length: 101 }, (_, i) => `p ${i}`) }, "too_many_items", "none"],
    ["an endless bias", { none: { bias: 1001 } }, "invalid_type", "none.bias"],
    ["a text as bias", { none: { bias: "1" } }, "invalid_type", "none.bias"],
    ["a misspelt field", { none: { promts: ["a"] } }, "unknown_field", "none.promts"],
    ["a text", { none: "a photo." }, "invalid_type", "none"],
    ["a picture", { none: ["data:image/png;base64,AAAA"] }, "invalid_value", "none[0]"],
  ])("is refused %s", async (_, body, code, param) => {
    const answer = await classify(body);
    expect([answer.status, answer.body.error]).toMatchObject([400, { code, param }]);
  });

  it.each([
    ["true", true],
    ['["a drawing.","an icon."]', ["a drawing.", "an icon."]],
    ["an icon.", ["an icon."]],
    ['{"bias":2}', { bias: 2 }],
  ])("may be a form's field: %s", async (field, none) => {
    const form = new FormData();
    form.append("image", new Blob([Buffer.from(fox, "base64")]), "fox.png");
    form.append("labels", JSON.stringify(LABELS));
    form.append("none", field);
    const { body } = await request("POST", `${workers.url}/v1/classify`, form);
    expect(body.data).toEqual((await classify({ none })).body.data);
  });
});

describe("min_score", () => {
  it("drops predictions, and all others keep their scores", async () => {
    const all = (await classify({})).body.data[0].predictions as { score: number; label: string }[];
    const second = all[1]?.score ?? 0;
    const kept = (await classify({ min_score: second })).body.data[0];
    expect(kept.predictions).toEqual(all.slice(0, 2));
    const form = new FormData();
    form.append("image", new Blob([Buffer.from(fox, "base64")]), "fox.png");
    form.append("labels", JSON.stringify(LABELS));
    form.append("min_score", String(second));
    const fromForm = await request("POST", `${workers.url}/v1/classify`, form);
    expect(fromForm.body.data).toEqual([{ object: "classification", index: 0, ...kept }]);
  });

  it("leaves no prediction if none reaches it, also with multi_label and in groups", async () => {
    const nothing = { prediction: null, score: null, predictions: [] };
    expect((await classify({ min_score: 1 })).body.data[0]).toMatchObject(nothing);
    const several = await classify({ min_score: 1, multi_label: true });
    expect(several.body.data[0]).toMatchObject(nothing);
    const set = await request("POST", `${workers.url}/v1/label_sets`, { labels: LABELS });
    const groups = await classify({ min_score: 1, labels: undefined, label_set: [set.body.id] });
    expect(groups.body.data[0].groups[0]).toMatchObject(nothing);
  });

  it("applies to the scores that the rival has shared in", async () => {
    const none = { bias: 100 };
    const row = (await classify({ none, min_score: 0.01 })).body.data[0];
    expect(row).toMatchObject({ prediction: null, score: null, predictions: [] });
    expect(row.none_score).toBeCloseTo(1, DIGITS);
  });

  it.each([-0.1, 1.1, "0.5"])("must be a probability, not %s", async (min_score) => {
    const { status, body } = await classify({ min_score });
    expect([status, body.error]).toMatchObject([400, { code: "invalid_type", param: "min_score" }]);
  });
});
