/**
 * Builds an ONNX graph node by node. Weights go to an external data file, so that a runtime can load them without
 * parsing them as a part of a protobuf. Shape constants stay in the graph, because shape inference needs them.
 */
import { ATTRIBUTE_TYPE, DATA_TYPE, EXTERNAL, ModelProto } from "./proto.ts";

/** A dimension: a size, or the name of a size that is known only at run time. */
export type Dimension = number | string;

export interface Value {
  name: string;
  shape: Dimension[];
}

type Attributes = Record<string, number | number[] | { float: number }>;

/** Operators outside the ONNX standard, from onnxruntime's contrib set. */
const CONTRIB = "com.microsoft";
const OPSET = 18;
const IR_VERSION = 8;

/** Weights start at multiples of this many bytes, so that a reader can use them in place with SIMD alignment. */
const ALIGNMENT = 64;

export class GraphBuilder {
  readonly #name: string;
  readonly #dataFile: string;
  readonly #nodes: object[] = [];
  readonly #initializers: object[] = [];
  readonly #inputs: object[] = [];
  readonly #outputs: object[] = [];
  readonly #data: Uint8Array[] = [];
  #dataBytes = 0;
  readonly #constants = new Map<string, string>();

  constructor(name: string, dataFile: string) {
    this.#name = name;
    this.#dataFile = dataFile;
  }

  /** Declares an input of the graph; float32 by default. */
  input(value: Value, type: keyof typeof DATA_TYPE = "float32"): string {
    this.#inputs.push(valueInfo(value, DATA_TYPE[type]));
    return value.name;
  }

  output(value: Value): void {
    this.#outputs.push(valueInfo(value, DATA_TYPE.float32));
  }

  /** Makes an inner value, float32 of any shape, an output as well. */
  watch(name: string): void {
    this.#outputs.push({ name, type: { tensorType: { elemType: DATA_TYPE.float32 } } });
  }

  /** Adds a node with one output and returns that output's name; `name` must be unique in the graph. */
  node(opType: string, name: string, inputs: string[], attributes: Attributes = {}): string {
    this.nodes(opType, name, inputs, [name], attributes);
    return name;
  }

  /** Adds a node with several outputs. */
  nodes(
    opType: string,
    name: string,
    inputs: string[],
    outputs: string[],
    attributes: Attributes = {},
  ): void {
    this.#add({ opType, name, input: inputs, output: outputs, attribute: encodeAttributes(attributes) });
  }

  /** Adds a node of onnxruntime's contrib operators. */
  contrib(opType: string, name: string, inputs: string[], attributes: Attributes = {}): string {
    this.#add({
      opType,
      name,
      input: inputs,
      output: [name],
      attribute: encodeAttributes(attributes),
      domain: CONTRIB,
    });
    return name;
  }

  /** A weight, stored in the external data file. Returns its name. */
  weight(name: string, data: Float32Array | Int8Array, shape: number[]): string {
    const offset = Math.ceil(this.#dataBytes / ALIGNMENT) * ALIGNMENT;
    if (offset > this.#dataBytes) this.#data.push(new Uint8Array(offset - this.#dataBytes));
    this.#data.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.#dataBytes = offset + data.byteLength;
    this.#initializers.push({
      name,
      dims: shape,
      dataType: data instanceof Int8Array ? DATA_TYPE.int8 : DATA_TYPE.float32,
      dataLocation: EXTERNAL,
      externalData: [
        { key: "location", value: this.#dataFile },
        { key: "offset", value: String(offset) },
        { key: "length", value: String(data.byteLength) },
      ],
    });
    return name;
  }

  /** An int64 vector kept inside the graph, such as a `Reshape` target; equal vectors are stored once. */
  integers(values: number[]): string {
    const key = values.join(",");
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = `const_${key.replaceAll(",", "_").replaceAll("-", "m")}`;
    const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.#initializers.push({ name, dims: [values.length], dataType: DATA_TYPE.int64, rawData });
    this.#constants.set(key, name);
    return name;
  }

  /** @returns the encoded graph and its complete external data */
  finish(): { graph: Uint8Array<ArrayBuffer>; data: Uint8Array<ArrayBuffer> } {
    const graph = ModelProto.encode(
      ModelProto.create({
        irVersion: IR_VERSION,
        producerName: "edgeclip",
        opsetImport: [
          { domain: "", version: OPSET },
          { domain: CONTRIB, version: 1 },
        ],
        graph: {
          name: this.#name,
          node: this.#nodes,
          initializer: this.#initializers,
          input: this.#inputs,
          output: this.#outputs,
        },
      }),
    ).finish();
    return { graph: new Uint8Array(graph), data: new Uint8Array(Buffer.concat(this.#data)) };
  }

  #add(node: object): void {
    this.#nodes.push(node);
  }
}

function valueInfo({ name, shape }: Value, elemType: number): object {
  const dim = shape.map((size) => (typeof size === "number" ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

function encodeAttributes(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([name, value]) => {
    if (typeof value === "number") return { name, type: ATTRIBUTE_TYPE.int, i: value };
    if (Array.isArray(value)) return { name, type: ATTRIBUTE_TYPE.ints, ints: value };
    return { name, type: ATTRIBUTE_TYPE.float, f: value.float };
  });
}
