/**
 * c₀ of a model: the mean cosine of pictures that have nothing to do with each other, over all pairs of `examples/`
 * (`functions/adapter/` uses it).
 */
import { cosinesWithRows } from "../../functions/runtime/cosine-of-unit.ts";
import { normalizeRows } from "../../functions/runtime/normalize.ts";
import type { Manifest } from "../../model-shards/manifest.ts";
import { openImageTower } from "./node-towers.ts";
import { exampleSamples, SAMPLE_COUNT } from "./samples.ts";

/** Decimals of the result: so few that it does not depend on how a host rounds. */
const DECIMALS = 3;

/** @param folder of the built model */
export async function backgroundCosine(folder: string, image: Manifest["image"]): Promise<number> {
  const embed = await openImageTower(folder, image.shards);
  const pictures = await exampleSamples(SAMPLE_COUNT).pictures(image);
  const vectors = pictures.map(({ data }) => {
    const vector = embed(data as Float32Array, image.size, image.size).slice();
    return normalizeRows(vector, vector.length);
  });
  let sum = 0;
  for (const [index, vector] of vectors.entries()) {
    for (const other of vectors.slice(0, index)) sum += cosinesWithRows(vector, other)[0] ?? 0;
  }
  return Number((sum / ((vectors.length * (vectors.length - 1)) / 2)).toFixed(DECIMALS));
}
