/** Joins the parts of a label set into its matrix in R2, which makes the set ready. */
import type { Manifest } from "../../model-shards/manifest.ts";
import { backgroundOf } from "../adapter/background.ts";
import { chooseAdapter } from "../adapter/choose-adapter.ts";
import { ServiceError } from "../runtime/errors.ts";
import { unreachable } from "./answering-bucket.ts";
import { blankMatrix, writeMatrixChecksum, setAdapter } from "./label-matrix.ts";
import type { PartCounts } from "./builds/part-store.ts";
import type { SetStore } from "./set-store.ts";

/** Parts read at the same time. The platform lets at most six requests wait for headers. */
const READS = 6;
/**
 * Milliseconds after which another matrix may be joined, if the work before was ended from outside and could not say
 * so.
 */
const GIVEN_UP_MS = 120_000;

/**
 * Until this time a matrix is being joined. A matrix of 10,000 labels takes about 26 MB, so an isolate joins one at a
 * time.
 */
let inHandUntil = 0;

export interface AssembleOptions {
  manifest: Manifest;
  /** Index of each example's label; undefined for a set without examples. */
  examples: readonly number[] | undefined;
  /** Called at each sign of life. */
  alive: () => Promise<unknown>;
}

/**
 * Chooses α and β for a set with examples as well.
 * @param parts all parts of the set
 * @returns undefined if the set is now ready; otherwise the number of a part that is missing or damaged
 * @throws ServiceError `overloaded` while this isolate joins another set
 */
export async function assemble(
  id: string,
  parts: ReadonlyMap<number, PartCounts>,
  store: SetStore,
  { manifest, examples: labels, alive }: AssembleOptions,
): Promise<number | undefined> {
  const { revision, embedding_width: width } = manifest;
  if (Date.now() < inHandUntil) throw new ServiceError("overloaded", "another label set is being assembled");
  const hold = (): void => {
    inHandUntil = Date.now() + GIVEN_UP_MS;
  };
  hold();
  try {
    const names = await store.plans.names(id);
    if (names === undefined) {
      await store.plans.remove(id);
      throw unreachable(new Error("a plan is damaged"));
    }
    const tokens = [...parts.values()].reduce((sum, part) => sum + part.tokens, 0);
    const truncated = truncatedIn(parts).filter((index) => index < names.labels.length);
    const taught = labels && {
      labels,
      vectors: await exampleVectors(id, labels.length * width, revision, store),
      background: backgroundOf(manifest),
    };
    const { matrix, rows } = blankMatrix(names, width, { tokens, truncated }, taught);
    let at = 0;
    for (let first = 0; first < parts.size; first += READS) {
      const numbers = Array.from({ length: Math.min(READS, parts.size - first) }, (_, i) => first + i);
      const read = await Promise.all(numbers.map((number) => store.parts.get(id, revision, number)));
      for (const [index, values] of read.entries()) {
        if (values === undefined) return first + index;
        if (at + values.length > rows.length) return await misfit(id, revision, store);
        rows.set(values, at);
        at += values.length;
      }
      hold();
      await alive();
    }
    if (at !== rows.length) return await misfit(id, revision, store);
    const choice =
      taught &&
      (await chooseAdapter(matrix.vectors, taught, {
        scale: Math.exp(manifest.logit_scale),
        background: taught.background,
        pause: async () => {
          hold();
          await scheduler.wait(0);
          await alive();
        },
      }));
    if (choice !== undefined) setAdapter(matrix, choice);
    await writeMatrixChecksum(matrix, id);
    await store.putVectors(id, revision, matrix.packed, choice?.adapter);
    return undefined;
  } finally {
    inHandUntil = 0;
  }
}

/** @throws ServiceError `model_unavailable` if they are missing; whoever classifies is told to store the set again */
async function exampleVectors(
  id: string,
  values: number,
  revision: string,
  store: SetStore,
): Promise<Float32Array> {
  const vectors = await store.examples.get(id, revision);
  if (vectors?.length === values) return vectors;
  throw unreachable(new Error("the vectors of a set's examples are missing"));
}

/** Indices of the set's vectors with a text that was cut to the model's context. */
function truncatedIn(parts: ReadonlyMap<number, PartCounts>): number[] {
  let first = 0;
  return Array.from({ length: parts.size }, (_, number) => parts.get(number)).flatMap((part) => {
    const indices = (part?.truncated ?? []).map((index) => first + index);
    first += part?.vectors ?? 0;
    return indices;
  });
}

/** Drops parts that belong to another plan or width, so that all are computed again. @returns the first part */
async function misfit(id: string, revision: string, store: SetStore): Promise<number> {
  await store.parts.removeAll(id, revision);
  return 0;
}
