/**
 * The smallest piece of a tower that a shard may hold: a stem, a block, a downsample, a head. A tower is a list
 * of units; the shard planner decides where to cut between them.
 */
import type { GraphBuilder, Value } from "../onnx/graph-builder.ts";

export interface TowerUnit {
  /** As the checkpoint names it, for example `stages.2.blocks.13`. */
  name: string;
  /** Weight elements, to plan shards before anything is read. */
  parameters: number;
  input: Value;
  /** Further graph inputs, int64, that only this unit takes. */
  extraInputs?: Value[];
  output: Value;
  /** Bytes of activations alive at once, for one image of the model's size or one full-length text. */
  peakActivationBytes: number;
  /** Adds the unit's nodes to `graph`, reading its weights; `x` is the input's name. Returns the output's. */
  emit(graph: GraphBuilder, x: string): Promise<string>;
}

/** Reads one tensor of the checkpoint as float32. */
export type ReadTensor = (name: string) => Promise<Float32Array>;
