/**
 * How the build runs an ONNX graph. The caller passes the runtime, because it belongs to the Workers' code, which
 * `build/` may not import.
 */

export interface Activation {
  data: Float32Array;
  shape: number[];
}

type Input = Activation | { data: BigInt64Array; shape: number[] };

/** A graph and its external data, as bytes of their files. */
export interface GraphFiles {
  graph: Uint8Array;
  /** External data, by the location in the graph. */
  data: ReadonlyMap<string, Uint8Array>;
}

export interface OpenGraph {
  run(inputs: Record<string, Input>): Record<string, Activation>;
  close(): void;
}

export type Open = (files: GraphFiles) => OpenGraph;

/** A picture or text as input of a tower. */
export interface Sample {
  /** The tower's input: float32 `1 × 3 × size × size`, or `1 × length × width` of token embeddings. */
  input: Activation;
  /** Further inputs of later units, by name. */
  extra: Record<string, Input>;
}

/** A unit of a tower: its graph, and the names of its input and output. */
export interface UnitFiles extends GraphFiles {
  name: string;
  input: string;
  output: string;
}

/**
 * Runs a unit on each sample's activation, one at a time, as in the Workers.
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

/** Takes the unit's output from the outputs of `runUnit`. @throws Error if it is missing */
export function outputsOf(unit: UnitFiles, results: readonly Record<string, Activation>[]): Activation[] {
  return results.map((result) => {
    const output = result[unit.output];
    if (output === undefined) throw new Error(`${unit.name} has no output ${unit.output}`);
    return output;
  });
}
