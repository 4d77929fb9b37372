/**
 * Reads the parts of an ONNX model that a tower needs: its nodes in order, and the places of its weights in the
 * external data. Field numbers are those of `onnx.proto3`; `build/onnx/` writes such files.
 */
import { SimdError } from "../simd-error.ts";
import { type Field, fields, integers, text } from "./protobuf.ts";

export interface Node {
  op: string;
  inputs: string[];
  outputs: string[];
  /** Integers, or a single float. */
  attributes: Map<string, number[]>;
}

/** A weight in the external data. */
export interface TensorRef {
  name: string;
  type: "float32" | "int8";
  shape: number[];
  /** Byte offset and length. */
  offset: number;
  length: number;
}

export interface Graph {
  nodes: Node[];
  weights: Map<string, TensorRef>;
}

const GRAPH = 7;
const TYPES: Record<number, TensorRef["type"]> = { 1: "float32", 3: "int8" };
const BYTES = { float32: 4, int8: 1 } as const;

/** @throws SimdError if it is not an ONNX model, or a weight's length does not match its shape */
export function readGraph(model: Uint8Array): Graph {
  const graph = [...fields(model)].find(({ number }) => number === GRAPH);
  if (graph === undefined) throw new SimdError("the ONNX model has no graph");
  const nodes: Node[] = [];
  const weights = new Map<string, TensorRef>();
  for (const { number, bytes } of fields(graph.bytes)) {
    if (number === 1) nodes.push(readNode(bytes));
    if (number !== 5) continue;
    const tensor = readTensor(bytes);
    if (tensor !== undefined) weights.set(tensor.name, tensor);
  }
  return { nodes, weights };
}

function readNode(message: Uint8Array): Node {
  const node: Node = { op: "", inputs: [], outputs: [], attributes: new Map() };
  for (const { number, bytes } of fields(message)) {
    if (number === 1) node.inputs.push(text(bytes));
    else if (number === 2) node.outputs.push(text(bytes));
    else if (number === 4) node.op = text(bytes);
    else if (number === 5) readAttribute(bytes, node.attributes);
  }
  return node;
}

function readAttribute(message: Uint8Array, attributes: Map<string, number[]>): void {
  let name = "";
  const values: number[] = [];
  for (const field of fields(message)) {
    if (field.number === 1) name = text(field.bytes);
    else if (field.number === 2) values.push(float(field));
    else if (field.number === 3 || field.number === 8)
      for (const value of integers(field)) values.push(value);
  }
  attributes.set(name, values);
}

function float({ bytes }: Field): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
}

/** @returns undefined for a constant that is stored inside the graph */
function readTensor(message: Uint8Array): TensorRef | undefined {
  const shape: number[] = [];
  const place = new Map<string, string>();
  let [name, type, external] = ["", 0, false];
  for (const field of fields(message)) {
    if (field.number === 1) for (const value of integers(field)) shape.push(value);
    else if (field.number === 2) type = field.integer;
    else if (field.number === 8) name = text(field.bytes);
    else if (field.number === 13) {
      const [key, value] = [...fields(field.bytes)].map(({ bytes }) => text(bytes));
      place.set(key ?? "", value ?? "");
    } else if (field.number === 14) external = field.integer === 1;
  }
  if (!external) return undefined;
  const known = TYPES[type];
  const [offset, length] = [Number(place.get("offset")), Number(place.get("length"))];
  const elements = shape.reduce((product, size) => product * size, 1);
  if (known === undefined || length !== elements * BYTES[known] || !(offset >= 0)) {
    throw new SimdError(`the ONNX graph's weight ${name} makes no sense`);
  }
  return { name, type: known, shape, offset, length };
}
