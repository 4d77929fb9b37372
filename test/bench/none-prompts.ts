/**
 * `npm run bench:none`: which prompts stand best for "none of these". The pictures are the demonstration model's 200
 * held-out ones: each with its own 20 labels, one of which is right, and with the 20 labels of another picture, none of
 * which is. Prints a table for each template, and the curve of the default prompts.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readCommandLine } from "../../build/command-line/command.ts";
import { percent } from "../../build/report/percent.ts";
import { DEFAULT_NONE } from "../../functions/gateway/schemas/fields/none.ts";
import { logMeanExp, softmax } from "../../functions/gateway/score/softmax.ts";
import {
  atCut,
  bestSimilarity,
  lead,
  type Scores,
  separate,
  type Separated,
  separation,
  suggestCut,
} from "../../scripts/calibrate/metrics.ts";
import evaluation from "../fixtures/eval/eval.json" with { type: "json" };
import setup from "../support/bundle-workers.ts";
import { post } from "../support/post.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const PICTURES = join(import.meta.dirname, "../fixtures/eval");
const TEMPLATES = ["a photo of a {}.", "a picture of {}"];
const CANDIDATES = [
  ["a photo."],
  ["an image."],
  ["a picture."],
  ["a photo of something."],
  ["a picture of something"],
  ["something"],
  ["a thing"],
  ["an object"],
  ["a photo of an object."],
  ["a photo of a thing."],
  ["a photo of a something."],
  ["a photo.", "an image.", "a picture."],
  ["a photo of something.", "a picture of something"],
  ["something", "a photo of an object."],
  ["something", "an object"],
  ["something", "a photo of something.", "a photo of an object."],
  ["something", "a picture of something", "a photo of an object."],
  ["a photo.", "an image.", "a picture.", "a photo of something.", "an object", "a thing"],
];
/** Rates of wrongly refused pictures at which prompts are compared. */
const REFUSED = [0.02, 0.05, 0.1];
const CURVE = [-4, -3, -2, -1, 0, 1, 2, 3, 4];

/** Logits of the texts for a picture. */
async function logitsOf(workers: Workers, body: object, endpoint: string): Promise<Map<string, number>> {
  const answer = await post(`${workers.url}/v1/${endpoint}`, body);
  if (answer.status !== 200) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
  const [row] = answer.body.data;
  const scores = (row.predictions ?? row.scores) as { label?: string; text?: string; logit: number }[];
  return new Map(scores.map(({ label, text, logit }) => [label ?? text ?? "", logit]));
}

interface Scored {
  own: number;
  logits: readonly number[];
  foreign: readonly number[];
  prompts: ReadonlyMap<string, number>;
}

async function score(workers: Workers, template: string): Promise<Scored[]> {
  const texts = [...new Set(CANDIDATES.flat())];
  const scored: Scored[] = [];
  for (const [index, { file, label, labels }] of evaluation.items.entries()) {
    const image = (await readFile(join(PICTURES, file))).toString("base64");
    const foreignLabels = foreignTo(index);
    const all = [...new Set([...labels, ...foreignLabels])];
    const logits = await logitsOf(
      workers,
      { image, labels: all, templates: template, top_k: 40 },
      "classify",
    );
    const prompts = await logitsOf(workers, { image, texts }, "similarity");
    const pick = (some: readonly string[]): number[] => some.map((each) => logits.get(each) ?? Number.NaN);
    scored.push({ own: labels.indexOf(label), logits: pick(labels), foreign: pick(foreignLabels), prompts });
  }
  return scored;
}

/** The labels of the next picture that does not have this one's label. */
function foreignTo(index: number): string[] {
  const { items } = evaluation;
  const label = items[index]?.label ?? "";
  for (let step = 1; step < items.length; step++) {
    const { labels = [] } = items[(index + step) % items.length] ?? {};
    if (!labels.includes(label)) return labels;
  }
  throw new Error(`every picture has the label ${label}`);
}

/** @param prompts of the rival; none if only thresholds are compared */
function separated(
  scored: readonly Scored[],
  valueOf: (scores: Scores) => number,
  prompts: readonly string[] = [],
): Separated {
  const scores = (picture: Scored, logits: readonly number[]): Scores => {
    const rival = logMeanExp(prompts.map((prompt) => picture.prompts.get(prompt) ?? Number.NaN));
    // Logits are similarities, up to the model's scale.
    return { logits, similarities: logits, rival };
  };
  return separate(
    scored.map((picture) => ({ ...scores(picture, picture.logits), own: picture.own })),
    valueOf,
    scored.map((picture) => scores(picture, picture.foreign)),
  );
}

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

readCommandLine({
  usage: "npm run bench:none",
  about: "Compares prompts that stand for none of the labels.",
});
await setup();
const workers = await startWorkers();
try {
  for (const template of TEMPLATES) {
    const scored = await score(workers, template);
    console.log(`\nTemplate \`${template}\`\n`);
    const heads = REFUSED.map((refused) => `null at ${percent(refused)} refused (bias)`);
    console.log(row(["prompts", "separation", "null / refused at bias 0", ...heads]));
    console.log(row(["---", "---", "---", ...REFUSED.map(() => "---")]));
    const compared: [string, Separated][] = [
      ...CANDIDATES.map((prompts): [string, Separated] => [
        prompts.map((prompt) => `\`${prompt}\``).join(", "),
        separated(scored, lead, prompts),
      ]),
      ["no rival, by score", separated(scored, ({ logits }) => Math.max(...softmax(logits)))],
      ["no rival, by logit", separated(scored, bestSimilarity)],
    ];
    for (const [name, each] of compared) {
      const { none, refused } = atCut(each, 0);
      const cells = REFUSED.map((rate) => {
        const bias = suggestCut(each, rate);
        return `${percent(atCut(each, bias).none)} (${bias.toFixed(2)})`;
      });
      console.log(
        row([name, separation(each).toFixed(3), `${percent(none)} / ${percent(refused)}`, ...cells]),
      );
    }
    console.log(`\n${row(["bias, default prompts", "null, no label fits", "wrongly refused"])}`);
    console.log(row(["---", "---", "---"]));
    for (const bias of CURVE) {
      const { none, refused } = atCut(separated(scored, lead, DEFAULT_NONE), bias);
      console.log(row([String(bias), percent(none), percent(refused)]));
    }
  }
} finally {
  await workers.dispose();
}
