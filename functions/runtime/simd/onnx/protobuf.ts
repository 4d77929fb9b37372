/** Reads the part of Protocol Buffers' wire format that ONNX graphs use: varints, 32-bit values and byte strings. */
import { SimdError } from "../simd-error.ts";

export interface Field {
  number: number;
  /** A varint's value; 0 for other fields. */
  integer: number;
  /** The bytes of a byte string, string, message or 32-bit value, in place. */
  bytes: Uint8Array;
}

const VARINT = 0;
const BYTES = 2;
const FIXED32 = 5;
const EMPTY = new Uint8Array(0);
const decoder = new TextDecoder();

/** A message's fields in order. @throws SimdError if the last field does not end where the message ends */
export function* fields(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++];
      if (byte === undefined) throw new SimdError("the ONNX graph is cut off");
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Uint8Array => {
    if (at + length > message.length) throw new SimdError("the ONNX graph is cut off");
    return message.subarray(at, (at += length));
  };
  while (at < message.length) {
    const key = varint();
    const [number, type] = [Math.floor(key / 8), key % 8];
    if (type === VARINT) yield { number, integer: varint(), bytes: EMPTY };
    else if (type === BYTES) yield { number, integer: 0, bytes: take(varint()) };
    else if (type === FIXED32) yield { number, integer: 0, bytes: take(4) };
    else throw new SimdError(`the ONNX graph has a field of wire type ${type}`);
  }
}

export function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The values of a repeated varint field, whether packed or not. */
export function integers({ integer, bytes }: Field): number[] {
  if (bytes.length === 0) return [integer];
  const values: number[] = [];
  for (let value = 0, factor = 1, at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * factor;
    factor *= 128;
    if (byte < 0x80) {
      values.push(value);
      [value, factor] = [0, 1];
    }
  }
  return values;
}
