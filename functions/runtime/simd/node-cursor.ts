/**
 * Walks through a graph's nodes in order. A node that is not the expected one is refused, so a graph of an unknown kind
 * never runs.
 */
import type { Node } from "./onnx/read-graph.ts";
import { SimdError } from "./simd-error.ts";

export class NodeCursor {
  readonly #nodes: readonly Node[];
  #at = 0;

  constructor(nodes: readonly Node[]) {
    this.#nodes = nodes;
  }

  /** The operator of the node that is `ahead` nodes further; undefined past the end. */
  peek(ahead = 0): string | undefined {
    return this.#nodes[this.#at + ahead]?.op;
  }

  /** The next node's first input. */
  first(): string | undefined {
    return this.#nodes[this.#at]?.inputs[0];
  }

  /**
   * Takes the next node.
   * @param inputs names of its first inputs
   * @throws SimdError if the node has another operator or other inputs
   */
  take(op: string, ...inputs: string[]): Node {
    const node = this.#nodes[this.#at++];
    if (node?.op !== op) throw new SimdError(`node ${this.#at}: ${node?.op ?? "the end"} instead of ${op}`);
    for (const [i, name] of inputs.entries()) {
      if (node.inputs[i] !== name)
        throw new SimdError(`node ${this.#at}: ${op} of ${node.inputs[i]}, not ${name}`);
    }
    return node;
  }

  /** Takes the next node and gives the name of its one output. */
  through(op: string, ...inputs: string[]): string {
    return this.take(op, ...inputs).outputs[0] ?? "";
  }
}
