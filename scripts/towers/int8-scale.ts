/**
 * The value that becomes 127 in a model's int8 vectors. A small one clips large values, a large one leaves few steps
 * for the others. What counts is that int8 vectors order others as float vectors do. Recall itself is too coarse for
 * the dozen pictures and texts that a build has; so for each query, the cosines with all others are correlated with the
 * products of the int8 vectors, and the scale is taken that loses the least in the worst of three cases: pictures by a
 * picture, texts by a text, and pictures by a text.
 */
import { toBytes } from "../../functions/gateway/vectors/output-type.ts";
import { cosineOfUnit } from "../../functions/runtime/cosine-of-unit.ts";
import { normalizeRows } from "../../functions/runtime/normalize.ts";
import type { Manifest } from "../../model-shards/manifest.ts";
import { openImageTower, openTextTower } from "./node-towers.ts";
import { exampleSamples, SAMPLE_COUNT } from "./samples.ts";

/** What is tried, in `1 ÷ √width`: a unit vector's values have this standard deviation if they are spread evenly. */
const DEVIATIONS = [2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 8, 11, 16];
/** Digits of the result: so few that it does not depend on how a host rounds. */
const DIGITS = 6;

interface Task {
  queries: readonly Float32Array[];
  others: readonly Float32Array[];
}

/** @param folder of the built model */
export async function measureInt8Scale(
  folder: string,
  { image, text }: Pick<Manifest, "image" | "text">,
): Promise<number> {
  const samples = exampleSamples(SAMPLE_COUNT);
  const embedPicture = await openImageTower(folder, image.shards);
  const pictures = (await samples.pictures(image)).map(({ data }) =>
    unit(embedPicture(data as Float32Array, image.size, image.size)),
  );
  const embedText = await openTextTower(folder, text);
  const texts: Float32Array[] = [];
  for (const ids of await samples.texts(text.context_length)) texts.push(unit(await embedText(ids)));
  return bestInt8Scale(pictures, texts);
}

/** @param pictures and texts: at least three vectors of unit length each */
export function bestInt8Scale(pictures: readonly Float32Array[], texts: readonly Float32Array[]): number {
  const width = pictures[0]?.length ?? 0;
  const tasks: Task[] = [
    { queries: pictures, others: pictures },
    { queries: texts, others: texts },
    { queries: texts, others: pictures },
  ];
  const scales = DEVIATIONS.map((deviations) => Number((deviations / Math.sqrt(width)).toPrecision(DIGITS)));
  const losses = tasks.map((task) => scales.map((scale) => lossOf(task, scale)));
  const worst = scales.map((_, at) => Math.max(...losses.map((each) => (each[at] ?? 0) / Math.min(...each))));
  return scales[worst.indexOf(Math.min(...worst))] ?? 0;
}

function unit(vector: Float32Array): Float32Array {
  const copy = vector.slice();
  return normalizeRows(copy, copy.length);
}

/** 1 minus the mean correlation, and a little so that exact vectors can be compared. */
function lossOf({ queries, others }: Task, scale: number): number {
  const small = (vectors: readonly Float32Array[]): Float32Array[] =>
    vectors.map((vector) => Float32Array.from(toBytes(vector, "int8", scale)));
  const smallOthers = small(others);
  let sum = 0;
  for (const [index, query] of small(queries).entries()) {
    const rows = others.map((_, row) => row).filter((row) => others !== queries || row !== index);
    const exact = rows.map((row) => cosineOfUnit(queries[index] ?? query, others[row] ?? query));
    sum += correlation(
      exact,
      rows.map((row) => product(query, smallOthers[row] ?? query)),
    );
  }
  return 1 - sum / queries.length + Number.EPSILON;
}

function product(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}

/** Pearson's. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  let [both, squaresA, squaresB] = [0, 0, 0];
  for (const [at, value] of a.entries()) {
    const [x, y] = [value - meanA, (b[at] ?? 0) - meanB];
    both += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return both / (Math.sqrt(squaresA * squaresB) || 1);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}
