/** Samples to measure a tower with. */
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { Activation, Sample } from "./graph-runner.ts";

type Triple = readonly [number, number, number];

export interface SampleSource {
  /** Preprocessed pictures, float32 `1 × 3 × size × size`. */
  pictures(image: { size: number; mean: Triple; std: Triple }): Promise<Activation[]>;
  /** Token ids of texts, including start and end token. */
  texts(contextLength: number): Promise<number[][]>;
}

export async function pictureSamples(
  source: SampleSource,
  image: Parameters<SampleSource["pictures"]>[0],
): Promise<Sample[]> {
  return (await source.pictures(image)).map((input) => ({ input, extra: {} }));
}

/** Inputs of the text tower. @param rows returns the tokens' embeddings, float32 `ids.length × width` */
export async function textSamples(
  texts: readonly (readonly number[])[],
  rows: (ids: readonly number[]) => Promise<Float32Array>,
): Promise<Sample[]> {
  return await Promise.all(
    texts.map(async (ids) => {
      const data = await rows(ids);
      const input = { data, shape: [1, ids.length, data.length / ids.length] };
      const eot_index = { data: BigInt64Array.of(BigInt(ids.length - 1)), shape: [1, 1] };
      return { input, extra: { eot_index } };
    }),
  );
}

/** The tokens' embeddings in the checkpoint, float32. */
export async function checkpointRows(checkpoint: Checkpoint, ids: readonly number[]): Promise<Float32Array> {
  const rows = await Promise.all(ids.map((id) => checkpoint.readRows("token_embedding.weight", id, id + 1)));
  const width = rows[0]?.length ?? 0;
  const values = new Float32Array(ids.length * width);
  for (const [position, row] of rows.entries()) values.set(row, position * width);
  return values;
}
