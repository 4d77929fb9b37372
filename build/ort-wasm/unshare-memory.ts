/**
 * Changes a WebAssembly module's imported shared memory to an ordinary one: the limits flag in the import section
 * changes from 3 (maximum, shared) to 1 (maximum). The code does not change, because atomic instructions are valid on
 * unshared memory. Format: WebAssembly core specification, "Binary Format / Modules / Import Section".
 */
import { BuildError } from "../build-error.ts";

const IMPORT_SECTION = 2;
const HEADER_BYTES = 8;
const LIMITS_SHARED = 0x03;
const LIMITS_MAXIMUM = 0x01;
/** Kinds of import other than 0, a function. */
const KIND = { table: 1, memory: 2, global: 3, tag: 4 } as const;

/** @throws BuildError if the module imports no shared memory */
export function unshareMemory(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const offset = memoryFlagOffset(wasm);
  if (wasm[offset] !== LIMITS_SHARED) throw new BuildError("the WebAssembly module's memory is not shared");
  const result = new Uint8Array(wasm);
  result[offset] = LIMITS_MAXIMUM;
  return result;
}

/** The offset of the imported memory's limits flag. */
function memoryFlagOffset(wasm: Uint8Array): number {
  let at = HEADER_BYTES;
  const byte = (): number => wasm[at++] ?? 0;
  /** Reads an unsigned LEB128. */
  const integer = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const next = byte();
      value |= (next & 0x7f) << shift;
      if (next < 0x80) return value >>> 0;
    }
  };
  const skip = (bytes: number): void => {
    at += bytes;
  };
  const skipLimits = (): void => {
    const hasMaximum = (byte() & LIMITS_MAXIMUM) !== 0;
    integer();
    if (hasMaximum) integer();
  };

  while (at < wasm.length) {
    const section = byte();
    const bytes = integer();
    if (section !== IMPORT_SECTION) {
      at += bytes;
      continue;
    }
    for (let left = integer(); left > 0; left--) {
      // Module name and field name: each a length and that many bytes.
      skip(integer());
      skip(integer());
      const kind = byte();
      if (kind === KIND.memory) return at;
      if (kind === KIND.global) skip(2);
      else if (kind === KIND.table) {
        skip(1);
        skipLimits();
      } else {
        if (kind === KIND.tag) skip(1);
        integer();
      }
    }
    break;
  }
  throw new BuildError("the WebAssembly module imports no memory");
}
