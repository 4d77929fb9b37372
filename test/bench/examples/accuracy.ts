/**
 * How much two examples a label help. The demonstration model classifies held-out artwork (Noto Emoji) with labels that
 * are taught by Twemoji and OpenMoji, through the Workers: accuracy among 20 and 200 labels, by the texts alone and
 * with examples; what happens to labels without examples beside such that have some; with examples of other labels; and
 * if each label has its sources in an order of its own. Accuracies are of 200 pictures, so a point is two pictures.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import evaluation from "../../fixtures/eval/eval.json" with { type: "json" };
import { startWorkers, type Workers } from "../../support/workers.ts";
import { Artwork, codePoints } from "../artwork/artwork.ts";
import { random } from "../../support/random.ts";
import { installContenders } from "../contenders/contender.ts";
import { finishedSet, post } from "./asking.ts";

const PICTURES = join(import.meta.dirname, "../../fixtures/eval");
const TEMPLATES = "a picture of {}";
/** Pictures of a request. */
const BATCH = 16;

/** Seeds of the orders of sources. */
const SHUFFLES = [1, 2, 3];

/** Sets in which some labels have examples. */
const MIXED: readonly [name: string, isTaught: (label: number) => boolean][] = [
  ["one in four", (label) => label % 4 === 0],
  ["every other", (label) => label % 2 === 0],
  ["three in four", (label) => label % 4 !== 3],
];

interface Taught {
  label: string;
  examples?: object[];
}
interface Outcome {
  /** Percent. */
  accuracy: number;
  /** Whether each picture was classified right, in their order. */
  right: boolean[];
  adapter?: {
    alpha: number;
    beta: number;
    leave_one_out_accuracy: number;
    text_only_accuracy: number;
    ignored_labels: number;
  };
}

/** Prints the accuracies. */
export async function measureAccuracy(): Promise<void> {
  await installContenders(join(import.meta.dirname, "../artwork"));
  const workers = await startWorkers();
  try {
    await measure(workers);
  } finally {
    await workers.dispose();
  }
}

async function measure({ url }: Workers): Promise<void> {
  const pictures = await Promise.all(
    evaluation.items.map(async ({ file }) => (await readFile(join(PICTURES, file))).toString("base64")),
  );
  const own = evaluation.items.map(({ label }) => label);
  const all = [...new Set(evaluation.items.flatMap(({ labels }) => labels))];
  const examples = await examplesOf(all, url);
  const taught = (label: string): Taught => ({ label, examples: examples.get(label) ?? [] });
  print("20 labels, texts", await amongTwenty(url, pictures, (label) => ({ label })));
  print("20 labels, with examples, α 0.1 and β 5.5", await amongTwenty(url, pictures, taught));

  const texts = await withSet(
    url,
    pictures,
    own.map((label) => ({ label })),
  );
  print("200 labels, texts", texts);
  print("200 labels, with examples", await withSet(url, pictures, own.map(taught)));

  for (const seed of SHUFFLES) {
    const next = random(seed);
    const shuffled = own.map((label) => {
      const { examples: ordered = [] } = taught(label);
      return { label, examples: next() < 0.5 ? ordered.toReversed() : ordered };
    });
    print(`200 labels, with examples, sources shuffled (${seed})`, await withSet(url, pictures, shuffled));
  }

  for (const [name, isTaught] of MIXED) {
    const mixed = await withSet(
      url,
      pictures,
      own.map((label, i) => (isTaught(i) ? taught(label) : { label })),
    );
    print(`200 labels, ${name} with examples`, mixed);
    for (const side of [true, false]) {
      const share = ({ right }: Outcome): string =>
        percent(mean(right.filter((_, i) => isTaught(i) === side)));
      const what = side ? "with" : "without";
      console.log(`  pictures of labels ${what}: ${share(texts)} % by the texts, now ${share(mixed)} %`);
    }
  }
  const shifted = own.map((label, i) => ({ ...taught(own[(i + 7) % own.length] ?? ""), label }));
  print("200 labels, with examples of another label", await withSet(url, pictures, shifted));
  const someWrong = own.map((label, i) =>
    i % 4 === 0 ? { ...taught(own[(i + 7) % own.length] ?? ""), label } : taught(label),
  );
  print("200 labels, a quarter with examples of another", await withSet(url, pictures, someWrong));
}

function print(what: string, { accuracy, adapter }: Outcome): void {
  const chosen =
    adapter === undefined
      ? ""
      : ` (α ${adapter.alpha}, β ${adapter.beta}; held-out examples ${percent(adapter.leave_one_out_accuracy)} %, by the texts ${percent(adapter.text_only_accuracy)} %; ${adapter.ignored_labels} labels ignored)`;
  console.log(`${what}: ${accuracy.toFixed(1)} %${chosen}`);
}

/** Two vectors a label, one of each style. */
async function examplesOf(labels: readonly string[], url: string): Promise<Map<string, object[]>> {
  const codes = await codePoints();
  const styles = [await Artwork.of("twemoji"), await Artwork.of("openmoji")];
  const drawn = labels.flatMap((label) => {
    const code = codes.get(label.toLowerCase()) ?? "";
    return styles.map((style) => ({ label, image: Buffer.from(style.png(code)).toString("base64") }));
  });
  const examples = new Map<string, object[]>();
  for (let first = 0; first < drawn.length; first += BATCH) {
    const some = drawn.slice(first, first + BATCH);
    const { data, revision } = await post(`${url}/v1/embeddings`, {
      input: some.map(({ image }) => ({ image })),
    });
    for (const [i, { label }] of some.entries()) {
      const { embedding } = data[i] as { embedding: number[] };
      examples.set(label, [...(examples.get(label) ?? []), { embedding, revision }]);
    }
  }
  return examples;
}

/** Each picture among its own 20 labels. */
async function amongTwenty(
  url: string,
  pictures: readonly string[],
  make: (label: string) => Taught,
): Promise<Outcome> {
  const right: boolean[] = [];
  for (const [i, { label, labels }] of evaluation.items.entries()) {
    const body = { image: pictures[i], labels: labels.map(make), templates: TEMPLATES };
    const { data } = await post(`${url}/v1/classify`, body);
    right.push((data[0] as { prediction: string }).prediction === label);
  }
  return { right, accuracy: 100 * mean(right) };
}

/** Each picture among the labels of a stored set, whose labels are in the order of the pictures. */
async function withSet(
  url: string,
  pictures: readonly string[],
  labels: readonly Taught[],
): Promise<Outcome> {
  const { id } = await post(`${url}/v1/label_sets`, { labels, templates: TEMPLATES });
  const set = await finishedSet(url, id);
  const right: boolean[] = [];
  for (let first = 0; first < pictures.length; first += BATCH) {
    const { data } = await post(`${url}/v1/classify`, {
      images: pictures.slice(first, first + BATCH),
      label_set: id,
    });
    for (const { prediction } of data as { prediction: string }[])
      right.push(prediction === labels[right.length]?.label);
  }
  return {
    right,
    accuracy: 100 * mean(right),
    ...(set.adapter === undefined ? {} : { adapter: set.adapter }),
  };
}

function mean(values: readonly boolean[]): number {
  return values.filter(Boolean).length / values.length;
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}
