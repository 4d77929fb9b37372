/** The adapter's numbers, against formulas written down plainly: one loop for each sign of a sum. */
import { describe, expect, it } from "vitest";
import { type Adapter, addExamples, DEFAULT_ADAPTER } from "../../functions/adapter/adapter.ts";
import { chooseAdapter } from "../../functions/adapter/choose-adapter.ts";
import { random as randomFrom } from "../gateway/random.ts";

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

/** `logit = scale × (cos + α × (mean exp(−β (1 − cos)) − b))`. */
function plainLogits(
  image: Vector,
  texts: Vector[],
  examples: PlainExample[],
  { alpha, beta }: Adapter,
): number[] {
  const b = Math.exp(-beta * (1 - BACKGROUND));
  return texts.map((text, label) => {
    const own = examples.filter((example) => example.label === label);
    const mean =
      own.reduce((sum, { vector }) => sum + Math.exp(-beta * (1 - cosine(image, vector))), 0) / own.length;
    return SCALE * (cosine(image, text) + (own.length === 0 ? 0 : alpha * (mean - b)));
  });
}

function plainChoice(texts: Vector[], examples: PlainExample[]) {
  const held = Math.min(1000, examples.length);
  const taught = new Set(examples.map(({ label }) => label));
  const untaught = 1 - taught.size / texts.length;
  const turns = Array.from({ length: held }, (_, i) => examples[Math.floor((i * examples.length) / held)]);
  let best: (Adapter & { loss: number; accuracy: number }) | undefined;
  let textOnly = 0;
  for (const alpha of [0, 0.05, 0.1, 0.2, 0.4]) {
    for (const beta of [2, 5.5, 10]) {
      let [loss, right] = [0, 0];
      for (const turn of turns) {
        if (turn === undefined) continue;
        const others = examples.filter((each) => each !== turn && cosine(each.vector, turn.vector) <= 0.98);
        const logits = plainLogits(turn.vector, texts, others, { alpha, beta });
        const lossOf = (all: Vector): number =>
          Math.log(all.map(Math.exp).reduce((sum, value) => sum + value, 0)) - (all[turn.label] ?? 0);
        // As if the label had no examples.
        const strangers = others.filter(({ label }) => label !== turn.label);
        const asUntaught = plainLogits(turn.vector, texts, strangers, { alpha, beta });
        loss += (1 - untaught) * lossOf(logits) + untaught * lossOf(asUntaught);
        if (logits.indexOf(Math.max(...logits)) === turn.label) right++;
      }
      if (alpha === 0) textOnly = right / held;
      if (best === undefined || loss < best.loss - 1e-6) best = { alpha, beta, loss, accuracy: right / held };
    }
  }
  return { ...best, textOnly };
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
    ["a single one", () => someSet(3, [2], { example: 0.1, text: 0.1 })],
  ])("is that of a plain search: %s", async (_, make) => {
    const { texts, examples } = make();
    const chosen = await choose(texts, examples);
    const plain = plainChoice(texts, examples);
    expect(chosen.alpha).toBe(plain.alpha);
    // With α = 0, β means nothing.
    expect(chosen.beta * chosen.alpha).toBe((plain.beta ?? NaN) * (plain.alpha ?? NaN));
    expect(chosen.leave_one_out_accuracy).toBeCloseTo(plain.accuracy ?? NaN, 9);
    expect(chosen.text_only_accuracy).toBeCloseTo(plain.textOnly, 9);
  });

  it("takes examples that help", async () => {
    const { texts, examples } = someSet(30, twoEach(30), { example: 0.15, text: 0.8 });
    const chosen = await choose(texts, examples);
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
    expect((await choose(texts, examples)).alpha).toBe(0);
  });

  it("lets nobody vouch for himself: copies of an example are left out with it", async () => {
    // Texts that are right, and examples of noise, each twice: by its copy, every one would be classified right.
    const { texts } = someSet(20, [], { example: 0, text: 0.1 });
    const examples = Array.from({ length: 20 }, (_, label) => ({ label, vector: anyVector() })).flatMap(
      (each) => [each, { ...each }],
    );
    expect((await choose(texts, examples)).leave_one_out_accuracy).toBeLessThan(0.3);
  });

  it("leaves out 1,000 of more, and pauses", async () => {
    const { texts, examples } = someSet(
      400,
      Array.from({ length: 2000 }, (_, i) => Math.floor(i / 5)),
      { example: 0.2, text: 0.4 },
    );
    let pauses = 0;
    const pause = async (): Promise<void> => void pauses++;
    const vectors = rows(examples.map(({ vector }) => vector));
    const labels = examples.map(({ label }) => label);
    const chosen = await chooseAdapter(
      rows(texts),
      { vectors, labels },
      { scale: SCALE, background: BACKGROUND, pause },
    );
    expect(Number.isInteger(chosen.text_only_accuracy * 1000)).toBe(true);
    expect(pauses).toBeGreaterThan(5);
  });
});
