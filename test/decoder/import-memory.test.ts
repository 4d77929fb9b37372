/** A module that was changed to import its memory works in the memory that it is given, and exports that memory. */
import { expect, it } from "vitest";
import { importMemory } from "../../build/codec-wasm/import-memory.ts";

const TYPE = "01 04 01 60 00 00";
const IMPORT = "02 07 01 01 65 01 66 00 00";
const FUNCTION = "03 02 01 00";
const MEMORY = "05 03 01 00 01";
const EXPORTS = "07 09 02 01 6d 02 00 01 73 00 01";
/** Stores 42 at address 0. */
const CODE = "0a 0b 01 09 00 41 00 41 2a 36 02 00 0b";

function moduleOf(...sections: string[]): Uint8Array<ArrayBuffer> {
  const hex = `0061736d01000000${sections.join("")}`.replaceAll(" ", "");
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

it("works in the memory it is given", async () => {
  const module = await WebAssembly.compile(
    importMemory(moduleOf(TYPE, IMPORT, FUNCTION, MEMORY, EXPORTS, CODE)),
  );
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = await WebAssembly.instantiate(module, { e: { f: () => {} }, codec: { memory } });
  expect(exports["m"]).toBe(memory);
  (exports["s"] as () => void)();
  expect(new Uint8Array(memory.buffer)[0]).toBe(42);
});

it("refuses a module without a memory of its own", () => {
  expect(() => importMemory(moduleOf(TYPE, IMPORT))).toThrow("does not define exactly one memory");
});
