/** The adapter's numbers, against formulas written down plainly: one loop for each sign of a sum. */
import { describe, expect, it } from "vitest";
import {
  type Adapter,
  addExamples,
  DEFAULT_ADAPTER,
  ignoreExamples,
  ignoredLabels,
  listedLabels,
} from "../../functions/adapter/adapter.ts";
import { chooseAdapter } from "../../functions/adapter/choose-adapter.ts";
import { random as randomFrom } from "../support/random.ts";

const WIDTH = 24;
const SCALE = 30;
const BACKGROUND = 0.4;

type Vector = number[];
interface PlainExample {
  label: number;
  vector: Vector;
}

const random = randomFrom(22);
const gauss = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const unit = (values: Vector): Vector => {
  const norm = Math.hypot(...values);
  return Array.from(Float32Array.from(values, (value) => value / norm));
};
const anyVector = (): Vector => unit(Array.from({ length: WIDTH }, gauss));
const near = (vector: Vector, noise: number): Vector => unit(vector.map((value) => value + noise * gauss()));
const cosine = (a: Vector, b: Vector): number => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
const rows = (vectors: Vector[]): Float32Array => Float32Array.from(vectors.flat());

/**
 * `logit = scale × (cos + α × (mean exp(−β (1 − cos)) − b))`; if several labels have examples and some have none, less
 * by what the best of them gained.
 * @param taught labels that have examples, held-out ones included
 */
function plainLogits(
  image: Vector,
  texts: Vector[],
  examples: PlainExample[],
  { alpha, beta }: Adapter,
  taught = new Set(examples.map(({ label }) => label)),
): number[] {
  const b = Math.exp(-beta * (1 - BACKGROUND));
  const byText = texts.map((text) => SCALE * cosine(image, text));
  const gains = texts.map((_, label) => {
    const own = examples.filter((example) => example.label === label);
    if (own.length === 0) return 0;
    const nearness = own.map(({ vector }) => Math.exp(-beta * (1 - cosine(image, vector))));
    return SCALE * alpha * (nearness.reduce((sum, each) => sum + each) / own.length - b);
  });
  const best = (gained: number[]): number =>
    Math.max(...[...taught].map((label) => (byText[label] ?? 0) + (gained[label] ?? 0)));
  const isMixed = taught.size > 1 && taught.size < texts.length;
  const rise = isMixed ? best(gains) - best(texts.map(() => 0)) : 0;
  return byText.map((logit, label) => logit + (gains[label] ?? 0) - (taught.has(label) ? rise : 0));
}

interface PlainPair extends Adapter {
  accuracy: number;
  /** Log-loss of each held-out example. */
  losses: number[];
}

/** What each pair makes of the held-out examples; the first is that of the texts alone. */
function plainPairs(
  texts: Vector[],
  examples: PlainExample[],
): { turns: PlainExample[]; pairs: PlainPair[] } {
  const held = Math.min(1000, examples.length);
  const taught = new Set(examples.map(({ label }) => label));
  const place = (example: PlainExample): number =>
    examples.filter(({ label }) => label === example.label).indexOf(example);
  const turns = Array.from(
    { length: held },
    (_, i) => examples[Math.floor((i * examples.length) / held)],
  ).filter((turn) => turn !== undefined);
  const pairs: PlainPair[] = [];
  for (const alpha of [0, 0.05, 0.1, 0.2, 0.4]) {
    for (const beta of [2, 5.5, 10]) {
      const isAlone = taught.size === 1 && texts.length > 1;
      const isDefault = alpha === DEFAULT_ADAPTER.alpha && beta === DEFAULT_ADAPTER.beta;
      if (isAlone && alpha !== 0 && !isDefault) continue;
      let right = 0;
      const losses = turns.map((turn) => {
        const others = examples.filter(
          (each) => place(each) !== place(turn) && cosine(each.vector, turn.vector) <= 0.98,
        );
        const logits = plainLogits(turn.vector, texts, others, { alpha, beta }, taught);
        if (logits.indexOf(Math.max(...logits)) === turn.label) right++;
        return Math.log(total(logits.map(Math.exp))) - (logits[turn.label] ?? 0);
      });
      pairs.push({ alpha, beta, accuracy: right / held, losses });
    }
  }
  return { turns, pairs };
}

const total = (values: number[]): number => values.reduce((sum, value) => sum + value, 0);

function plainChoice(
  texts: Vector[],
  examples: PlainExample[],
): Adapter & { accuracy: number; textOnly: number; ignored: number[] } {
  const all = plainPairs(texts, examples);
  const labels = [...new Set(examples.map(({ label }) => label))];
  const guess = Math.log(texts.length);
  const worse = labels.filter((label) =>
    all.pairs.every(({ losses }) => {
      const own = losses.filter((_, i) => all.turns[i]?.label === label);
      return own.length > 0 && total(own) > guess * own.length;
    }),
  );
  const isMost = worse.length > labels.length / 2;
  const ignored = isMost ? [] : worse;
  const { pairs } = plainPairs(
    texts,
    examples.filter(({ label }) => !ignored.includes(label)),
  );
  let [best] = pairs;
  if (best === undefined) throw new Error("no example");
  const textOnly = best.accuracy;
  if (isMost) return { ...best, textOnly, ignored };
  for (const pair of pairs) if (total(pair.losses) < total(best.losses) - 1e-6) best = pair;
  return { ...best, textOnly, ignored };
}

/** @param labels of each example, ascending; @param noise of an example around its label's picture, and of texts */
function someSet(labels: number, taught: number[], noise: { example: number; text: number }) {
  const pictures = Array.from({ length: labels }, anyVector);
  const texts = pictures.map((picture) => near(picture, noise.text));
  const examples = taught.map((label) => ({ label, vector: near(pictures[label] ?? [], noise.example) }));
  return { pictures, texts, examples };
}

const choose = (texts: Vector[], examples: PlainExample[]) =>
  chooseAdapter(
    rows(texts),
    { vectors: rows(examples.map(({ vector }) => vector)), labels: examples.map(({ label }) => label) },
    { scale: SCALE, background: BACKGROUND },
  );
const bestOf = (logits: ArrayLike<number>, labels: number[]): number =>
  Math.max(...labels.map((label) => logits[label] ?? 0));
/** One in five. */
const isWrong = (label: number): boolean => label % 5 === 0;
const twoEach = (labels: number): number[] => Array.from({ length: 2 * labels }, (_, i) => i >> 1);

describe("logits", () => {
  it.each([DEFAULT_ADAPTER, { alpha: 0.4, beta: 2 }, { alpha: 0, beta: 10 }])(
    "are the formula's with %j",
    (adapter) => {
      const { texts, examples } = someSet(6, [0, 0, 0, 2, 5, 5], { example: 0.2, text: 0.3 });
      const image = anyVector();
      const logits = Float64Array.from(texts, (text) => SCALE * cosine(image, text));
      const vectors = rows(examples.map(({ vector }) => vector));
      const labels = examples.map(({ label }) => label);
      addExamples(
        logits,
        Float32Array.from(image),
        { vectors, labels, ...adapter, background: BACKGROUND },
        SCALE,
      );
      for (const [label, expected] of plainLogits(image, texts, examples, adapter).entries()) {
        expect(logits[label]).toBeCloseTo(expected, 9);
      }
    },
  );

  it("of a label do not change with an example that is as near as unrelated pictures are", () => {
    const image = [1, 0];
    const unrelated = [BACKGROUND, Math.sqrt(1 - BACKGROUND ** 2)];
    const logits = Float64Array.of(3, 4);
    const examples = { vectors: Float32Array.from(unrelated), labels: [1], background: BACKGROUND };
    addExamples(logits, Float32Array.from(image), { ...examples, ...DEFAULT_ADAPTER }, SCALE);
    expect(logits[0]).toBe(3);
    expect(logits[1]).toBeCloseTo(4, 5);
  });

  it("of labels without examples, and the best of the others, are those of the texts", () => {
    const { texts, examples } = someSet(6, [0, 0, 2, 2, 5], { example: 0.2, text: 0.3 });
    const vectors = rows(examples.map(({ vector }) => vector));
    const labels = examples.map(({ label }) => label);
    for (let round = 0; round < 50; round++) {
      const image = anyVector();
      const before = texts.map((text) => SCALE * cosine(image, text));
      const after = Float64Array.from(before);
      const adapter = { alpha: 0.4, beta: 2, background: BACKGROUND };
      addExamples(after, Float32Array.from(image), { vectors, labels, ...adapter }, SCALE);
      for (const label of [1, 3, 4]) expect(after[label]).toBe(before[label]);
      expect(bestOf(after, [0, 2, 5])).toBeCloseTo(bestOf(before, [0, 2, 5]), 9);
    }
  });

  it("are the formula's alone for labels that do not compete", () => {
    const { texts, examples } = someSet(4, [1], { example: 0.2, text: 0.3 });
    const image = anyVector();
    const logits = Float64Array.from(texts, (text) => SCALE * cosine(image, text));
    const before = logits[1] ?? 0;
    const vectors = rows(examples.map(({ vector }) => vector));
    addExamples(
      logits,
      Float32Array.from(image),
      { vectors, labels: [1], ...DEFAULT_ADAPTER, background: BACKGROUND },
      SCALE,
      false,
    );
    const { alpha, beta } = DEFAULT_ADAPTER;
    const nearness = (value: number): number => Math.exp(-beta * (1 - value));
    const term = nearness(cosine(image, examples[0]?.vector ?? [])) - nearness(BACKGROUND);
    expect(logits[1]).toBeCloseTo(before + SCALE * alpha * term, 6);
  });

  it("are as if ignored examples were not there", () => {
    const { texts, examples } = someSet(5, [0, 0, 3, 3, 4], { example: 0.2, text: 0.3 });
    const image = anyVector();
    const logitsWith = (some: PlainExample[], ignored: number[]): Float64Array => {
      const logits = Float64Array.from(texts, (text) => SCALE * cosine(image, text));
      const set = { vectors: rows(some.map(({ vector }) => vector)), labels: some.map(({ label }) => label) };
      ignoreExamples(set, new Set(ignored));
      addExamples(
        logits,
        Float32Array.from(image),
        { ...set, ...DEFAULT_ADAPTER, background: BACKGROUND },
        SCALE,
      );
      return logits;
    };
    const without = examples.filter(({ label }) => label !== 3);
    expect(logitsWith(examples, [3])).toEqual(logitsWith(without, []));
    expect(logitsWith(examples, [0, 3, 4])).toEqual(logitsWith([], []));
  });
});

describe("the choice", () => {
  it.each([
    ["two examples a label", () => someSet(12, twoEach(12), { example: 0.25, text: 0.5 })],
    ["some labels without", () => someSet(20, [1, 1, 1, 4, 4, 9, 9, 9, 9], { example: 0.2, text: 0.4 })],
    ["one a label", () => someSet(8, [0, 1, 2, 3, 4, 5, 6, 7], { example: 0.2, text: 0.4 })],
    [
      "near-duplicates",
      () =>
        someSet(
          8,
          [...twoEach(8), ...twoEach(8)].toSorted((a, b) => a - b),
          { example: 0.02, text: 0.5 },
        ),
    ],
    ["one label with three", () => someSet(5, [2, 2, 2], { example: 0.2, text: 0.5 })],
    ["a single one", () => someSet(3, [2], { example: 0.1, text: 0.1 })],
  ])("is that of a plain search: %s", async (_, make) => {
    const { texts, examples } = make();
    const { adapter: chosen, ignored } = await choose(texts, examples);
    const plain = plainChoice(texts, examples);
    expect([...ignored]).toEqual(plain.ignored);
    expect(chosen.ignored_labels).toBe(plain.ignored.length);
    expect(chosen.ignored).toEqual(plain.ignored);
    expect(chosen.alpha).toBe(plain.alpha);
    // With α = 0, β means nothing.
    expect(chosen.beta * chosen.alpha).toBe(plain.beta * plain.alpha);
    expect(chosen.leave_one_out_accuracy).toBeCloseTo(plain.accuracy, 9);
    expect(chosen.text_only_accuracy).toBeCloseTo(plain.textOnly, 9);
  });

  it("takes examples that help", async () => {
    const { texts, examples } = someSet(30, twoEach(30), { example: 0.15, text: 0.4 });
    const { adapter: chosen } = await choose(texts, examples);
    expect(chosen.alpha).toBeGreaterThan(0);
    expect(chosen.leave_one_out_accuracy).toBeGreaterThan(chosen.text_only_accuracy);
  });

  it("falls back to the texts if every second example is of another label", async () => {
    const { texts, pictures } = someSet(30, [], { example: 0, text: 0.15 });
    const examples = twoEach(30).map((label, row) => ({
      label,
      vector: near(pictures[(label + (row % 2)) % 30] ?? [], 0.1),
    }));
    // The texts are right about the others, and each of these has its like under a wrong label.
    expect(plainChoice(texts, examples).alpha).toBe(0);
    expect((await choose(texts, examples)).adapter.alpha).toBe(0);
  });

  it("falls back to the texts if all examples are, in agreement, of another label", async () => {
    const { texts, pictures } = someSet(30, [], { example: 0, text: 0.1 });
    const examples = twoEach(30).map((label) => ({
      label,
      vector: near(pictures[(label + 7) % 30] ?? [], 0.1),
    }));
    const { adapter } = await choose(texts, examples);
    expect(adapter).toMatchObject({ alpha: 0, text_only_accuracy: 0, ignored_labels: 0 });
    expect(plainChoice(texts, examples).alpha).toBe(0);
  });

  it("ignores the labels whose examples are of another one, and takes the others'", async () => {
    const { texts, pictures } = someSet(30, [], { example: 0, text: 0.15 });
    const examples = twoEach(30).map((label) => ({
      label,
      vector: near(pictures[isWrong(label) ? (label + 7) % 30 : label] ?? [], 0.15),
    }));
    const { adapter, ignored } = await choose(texts, examples);
    expect(adapter.alpha).toBeGreaterThan(0);
    expect([...ignored].filter((label) => !isWrong(label))).toEqual([]);
    expect(ignored.size).toBeGreaterThanOrEqual(4);
    expect([...ignored]).toEqual(plainChoice(texts, examples).ignored);
    const taught = {
      vectors: Float32Array.from(examples.flatMap(({ vector }) => vector)),
      labels: examples.map(({ label }) => label),
    };
    expect(ignoredLabels(taught)).toEqual([]);
    ignoreExamples(taught, ignored);
    expect(ignoredLabels(taught)).toEqual([...ignored]);
  });

  it("lists the first hundred of the labels that are ignored", () => {
    const labels = Array.from({ length: 150 }, (_, i) => 2 * i);
    expect(listedLabels(labels)).toEqual({ ignored_labels: 150, ignored: labels.slice(0, 100) });
  });

  it("is not kept from examples of unlike sources by those of the same source", async () => {
    // The second example of each label is from another source, and all pictures of a source have much in common.
    const { texts, pictures } = someSet(30, [], { example: 0, text: 0.2 });
    const sources = [anyVector(), anyVector()];
    const examples = twoEach(30).map((label, row) => ({
      label,
      vector: unit(
        (pictures[label] ?? []).map((value, i) => value + 1.2 * (sources[row % 2]?.[i] ?? 0) + 0.1 * gauss()),
      ),
    }));
    const { adapter } = await choose(texts, examples);
    expect(adapter.alpha).toBeGreaterThan(0);
  });

  it("counts no copy of an example as evidence for it: copies of an example are left out with it", async () => {
    // Texts that are right, and examples of noise, each twice: by its copy, every one would be classified right.
    const { texts } = someSet(20, [], { example: 0, text: 0.1 });
    const examples = Array.from({ length: 20 }, (_, label) => ({ label, vector: anyVector() })).flatMap(
      (each) => [each, { ...each }],
    );
    expect((await choose(texts, examples)).adapter.leave_one_out_accuracy).toBeLessThan(0.3);
  });

  it("leaves out 1,000 of more, and pauses", async () => {
    const { texts, examples } = someSet(
      5,
      Array.from({ length: 1100 }, (_, i) => Math.floor(i / 220)),
      { example: 0.2, text: 0.4 },
    );
    let pauses = 0;
    const pause = async (): Promise<void> => void pauses++;
    const vectors = rows(examples.map(({ vector }) => vector));
    const labels = examples.map(({ label }) => label);
    const { adapter: chosen } = await chooseAdapter(
      rows(texts),
      { vectors, labels },
      { scale: SCALE, background: BACKGROUND, pause },
    );
    const right = 1000 * chosen.text_only_accuracy;
    expect(right).toBeCloseTo(Math.round(right), 9);
    // Each example costs 1,105 × 24 products, and there is a pause after more than 5 million.
    expect(pauses).toBe(5);
  });
});
