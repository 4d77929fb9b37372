/**
 * A unit is the smallest part of a tower that a shard may hold: a stem, block, downsample or head. A tower is a list of
 * units. The shard planner cuts it between units.
 */
import type { GraphBuilder, Value } from "../onnx/graph-builder.ts";

export interface TowerUnit {
  /** Its name in the checkpoint, for example `stages.2.blocks.13`. */
  name: string;
  /** Number of weights, to plan shards before anything is read. */
  parameters: number;
  input: Value;
  /** Further inputs of the graph, int64, that only this unit uses. */
  extraInputs?: Value[];
  output: Value;
  /**
   * The most bytes of activations in memory at once, for one picture of the model's size or one text of full length.
   */
  peakActivationBytes: number;
  /** Reads the unit's weights and adds its nodes to `graph`. @param x name of the input @returns name of the output */
  emit(graph: GraphBuilder, x: string): Promise<string>;
}

/** Reads one tensor of the checkpoint as float32. */
export type ReadTensor = (name: string) => Promise<Float32Array>;
