/**
 * `npm run bench:vectors`: how much recall the smaller types of vectors keep, and which scale is best for int8. 5,000
 * pictures of two artists and 5,000 texts, embedded by the demonstration model over HTTP. For each query the ten
 * nearest others by float vectors are compared with the ten nearest by the type's own vectors.
 */
import { join } from "node:path";
import { readCommandLine } from "../../build/command-line/command.ts";
import { percent } from "../../build/report/percent.ts";
import { cosinesWithRows } from "../../functions/runtime/cosine-of-unit.ts";
import { topIndices } from "../../functions/gateway/score/top-indices.ts";
import { int8Scale, toBytes } from "../../functions/gateway/vectors/output-type.ts";
import setup from "../support/bundle-workers.ts";
import { embed } from "../support/embed.ts";
import { startWorkers } from "../support/workers.ts";
import { ARTISTS, drawn, iconsOf } from "./artwork/icons.ts";
import { installContenders } from "./contenders/contender.ts";

const ARTWORK = join(import.meta.dirname, "artwork");
const COUNT = 5000;
const QUERIES = 500;
const NEAREST = 10;
/** Candidates by the small type that are then ranked by float vectors. */
const RERANKED = 40;
/** In standard deviations of a value, `1 ÷ √width`. The last is never reached in practice. */
const SCALES = [1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8, 11];
/** Prime, and no factor of `COUNT`: every item is taken once. */
const STEP = 1009;
const PICTURES_PER_REQUEST = 16;
const TEXTS_PER_REQUEST = 500;

/** Scores of all rows for a query. */
type Score = (query: number) => ArrayLike<number>;

interface Task {
  name: string;
  width: number;
  queries: Float32Array;
  rows: Float32Array;
  /** True if the queries are the first rows, which must not find themselves. */
  isOwn: boolean;
}

function nearest(
  { isOwn, rows, width }: Task,
  query: number,
  scores: ArrayLike<number>,
  count: number,
): number[] {
  const candidates = Array.from({ length: rows.length / width }, (_, row) => row);
  return topIndices(isOwn ? candidates.filter((row) => row !== query) : candidates, scores, count);
}

/** The share of the nearest by float that are among the nearest by `score`. */
function agreement(task: Task, score: Score, reranked = false): number {
  let found = 0;
  for (let query = 0; query < QUERIES; query++) {
    const exact = floatScores(task)(query);
    const expected = new Set(nearest(task, query, exact, NEAREST));
    let near = nearest(task, query, score(query), reranked ? RERANKED : NEAREST);
    if (reranked) near = topIndices(near, exact, NEAREST);
    found += near.filter((row) => expected.has(row)).length;
  }
  return found / (QUERIES * NEAREST);
}

function vectorAt(values: Float32Array, width: number, index: number): Float32Array {
  return values.subarray(index * width, (index + 1) * width);
}

function floatScores({ queries, rows, width }: Task): Score {
  return (query) => cosinesWithRows(vectorAt(queries, width, query), rows);
}

/** Every row of a matrix converted, as float32 so that the same loop compares them. */
function converted(
  values: Float32Array,
  width: number,
  convert: (vector: Float32Array) => ArrayLike<number>,
): Float32Array {
  const all = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += width) all.set(convert(values.subarray(at, at + width)), at);
  return all;
}

/** Dot products, without the clamp of cosines. */
function products(queries: Float32Array, rows: Float32Array, width: number): Score {
  return (query) => {
    const vector = vectorAt(queries, width, query);
    const sums = new Float64Array(rows.length / width);
    for (let i = 0; i < rows.length; i++) {
      const row = Math.floor(i / width);
      sums[row] = (sums[row] ?? 0) + (vector[i % width] ?? 0) * (rows[i] ?? 0);
    }
    return sums;
  };
}

function int8Agreement(task: Task, scale: number): number {
  const convert = (values: Float32Array): Float32Array =>
    converted(values, task.width, (vector) => toBytes(vector, "int8", scale));
  return agreement(task, products(convert(task.queries), convert(task.rows), task.width));
}

/** Bits as ±1: their dot product is the width minus twice the Hamming distance. */
function signs(values: Float32Array, width: number): Float32Array {
  return converted(values, width, (vector) => {
    const bytes = toBytes(vector, "ubinary", 1);
    return vector.map((_, i) => ((bytes[i >> 3] ?? 0) & (0x80 >> (i & 7)) ? 1 : -1));
  });
}

/** All vectors, one after the other. */
const matrix = (vectors: readonly Float32Array[]): Float32Array =>
  Float32Array.from(vectors.flatMap((vector) => [...vector]));
const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

readCommandLine({ usage: "npm run bench:vectors", about: "Measures what recall each type of vector keeps." });
await installContenders(ARTWORK);
const images: string[] = [];
const names: string[] = [];
for (const artist of ARTISTS) {
  let taken = 0;
  for (const icon of await iconsOf(artist)) {
    names.push(icon.name);
    if (taken++ < COUNT / ARTISTS.length) images.push(drawn(icon));
  }
}
const alone = [...new Set(names)];
// Fewer names than texts: the rest names two things.
const pairs = alone.map((name, i) => `${name} and ${alone[(i * STEP) % alone.length] ?? ""}`);
const texts = [...alone, ...pairs].slice(0, COUNT).map((name) => `a picture of ${name}`);
if (images.length < COUNT || texts.length < COUNT) throw new Error("the packages have too few pictures");
// The first are the queries: take them from all over the list.
const spread = <T>(list: readonly T[]): T[] => list.map((_, i) => list[(i * STEP) % list.length] as T);

await setup();
const workers = await startWorkers();
try {
  const inputs = spread(images).map((image) => ({ image }));
  const pictures = matrix(await embed(workers.url, inputs, PICTURES_PER_REQUEST));
  const words = matrix(await embed(workers.url, spread(texts), TEXTS_PER_REQUEST));
  const width = pictures.length / COUNT;
  const tasks: Task[] = [
    { name: "pictures by a picture", width, queries: pictures, rows: pictures, isOwn: true },
    { name: "texts by a text", width, queries: words, rows: words, isOwn: true },
    { name: "pictures by a text", width, queries: words, rows: pictures, isOwn: false },
  ];
  console.log(
    `\n${pictures.length / width} pictures, ${words.length / width} texts, ${QUERIES} queries, width ${width}\n`,
  );
  console.log(row(["int8, s × √width", ...tasks.map(({ name }) => name)]));
  console.log(row(["---", ...tasks.map(() => "---")]));
  for (const deviations of SCALES) {
    const scale = deviations / Math.sqrt(width);
    console.log(row([String(deviations), ...tasks.map((task) => percent(int8Agreement(task, scale)))]));
  }
  const kept: [name: string, of: (task: Task) => number][] = [
    ["int8, uint8", (task) => int8Agreement(task, int8Scale({ embedding_width: width }))],
    [
      "binary, ubinary",
      (task) => agreement(task, products(signs(task.queries, width), signs(task.rows, width), width)),
    ],
    [
      "binary, query in float",
      (task) => agreement(task, products(task.queries, signs(task.rows, width), width)),
    ],
    [
      `binary, ${RERANKED} candidates reranked in float`,
      (task) => agreement(task, products(signs(task.queries, width), signs(task.rows, width), width), true),
    ],
  ];
  console.log(`\n${row(["type", ...tasks.map(({ name }) => name)])}`);
  console.log(row(["---", ...tasks.map(() => "---")]));
  for (const [name, of] of kept) console.log(row([name, ...tasks.map((task) => percent(of(task)))]));
} finally {
  await workers.dispose();
}
