/**
 * How the build runs an ONNX graph. What runs it is handed in: the runtime belongs to the edge's code, from which
 * nothing here imports.
 */

export interface Activation {
  data: Float32Array;
  shape: number[];
}

type Input = Activation | { data: BigInt64Array; shape: number[] };

/** A graph and its external data, as files have them. */
export interface GraphFiles {
  graph: Uint8Array;
  /** By the location that the graph names. */
  data: ReadonlyMap<string, Uint8Array>;
}

export interface OpenGraph {
  run(inputs: Record<string, Input>): Record<string, Activation>;
  close(): void;
}

export type Open = (files: GraphFiles) => OpenGraph;

/** One picture or text on its way through a tower. */
export interface Sample {
  /** The tower's input: float32 `1 × 3 × size × size`, or `1 × length × width` of token embeddings. */
  input: Activation;
  /** What later units take besides, by name. */
  extra: Record<string, Input>;
}

/** A piece of a tower: its graph, and which values go in and come out. */
export interface UnitFiles extends GraphFiles {
  name: string;
  input: string;
  output: string;
}

/**
 * Runs a unit on each sample's activation, one at a time as the edge does.
 * @returns all of its outputs by name, for each sample
 */
export function runUnit(
  open: Open,
  unit: UnitFiles,
  samples: readonly Sample[],
  activations: readonly Activation[],
): Record<string, Activation>[] {
  const graph = open(unit);
  try {
    return activations.map((activation, i) => graph.run({ ...samples[i]?.extra, [unit.input]: activation }));
  } finally {
    graph.close();
  }
}

/** The unit's own output among those of `runUnit`. @throws Error if a run did not give it */
export function outputsOf(unit: UnitFiles, results: readonly Record<string, Activation>[]): Activation[] {
  return results.map((result) => {
    const output = result[unit.output];
    if (output === undefined) throw new Error(`${unit.name} gave no ${unit.output}`);
    return output;
  });
}
