/**
 * Changes a WebAssembly module to import its memory instead of defining it. The memory's entry moves from the memory
 * section to the import section. Memories have their own numbering, apart from functions, tables and globals, so
 * nothing else changes; an export of memory 0 then exports the imported memory. Format: WebAssembly core specification,
 * "Binary Format / Modules".
 */
import { BuildError } from "../build-error.ts";

const HEADER_BYTES = 8;
const IMPORT_SECTION = 2;
const MEMORY_SECTION = 5;
const KIND_MEMORY = 2;
/** Names of the import, which `functions/decoder/codec-memory.ts` provides. */
const MODULE = "codec";
const NAME = "memory";

/** @throws BuildError unless the module defines exactly one memory and has imports */
export function importMemory(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = readSections(wasm);
  const memory = sections.find(({ id }) => id === MEMORY_SECTION);
  const imports = sections.find(({ id }) => id === IMPORT_SECTION);
  if (memory === undefined || imports === undefined || memory.content[0] !== 1) {
    throw new BuildError("the WebAssembly module does not define exactly one memory, or has no imports");
  }
  const count = readInteger(imports.content, 0);
  const text = [MODULE, NAME].map((name) => [name.length, ...new TextEncoder().encode(name)]);
  // The import keeps the limits of the module's own memory: its initial and largest size.
  const entry = [...text.flat(), KIND_MEMORY, ...memory.content.subarray(1)];
  const widened = Uint8Array.of(
    ...integer(count.value + 1),
    ...imports.content.subarray(count.end),
    ...entry,
  );
  const parts = sections
    .filter(({ id }) => id !== MEMORY_SECTION)
    .flatMap(({ id, content }) => {
      const body = id === IMPORT_SECTION ? widened : content;
      return [Uint8Array.of(id, ...integer(body.length)), body];
    });
  return new Uint8Array(Buffer.concat([wasm.subarray(0, HEADER_BYTES), ...parts]));
}

interface Section {
  id: number;
  content: Uint8Array;
}

function readSections(wasm: Uint8Array): Section[] {
  const sections: Section[] = [];
  for (let at = HEADER_BYTES; at < wasm.length;) {
    const id = wasm[at] ?? 0;
    const length = readInteger(wasm, at + 1);
    const end = length.end + length.value;
    sections.push({ id, content: wasm.subarray(length.end, end) });
    at = end;
  }
  return sections;
}

/** Reads an unsigned LEB128. @returns the value, and the offset after it */
function readInteger(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start, shift = 0; ; at++, shift += 7) {
    const byte = bytes[at] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value: value >>> 0, end: at + 1 };
  }
}

/** Writes an unsigned LEB128. */
function integer(value: number): number[] {
  const bytes: number[] = [];
  for (let left = value; ; left >>>= 7) {
    if (left < 0x80) return [...bytes, left];
    bytes.push((left & 0x7f) | 0x80);
  }
}
