/**
 * Makes `.generated/codecs/` from the picture codecs: their WebAssembly, changed to import its memory. So all
 * codecs can use one memory, one at a time, and a new instance needs no second memory. npm runs it after an install
 * (`prepare`).
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../../build/command-line/command.ts";
import { importMemory } from "../../build/codec-wasm/import-memory.ts";
import { GENERATED, NODE_MODULES } from "../paths.ts";

const OUT = join(GENERATED, "codecs");
const CODECS = {
  "magick.wasm": join(NODE_MODULES, "@imagemagick/magick-wasm/dist/x86/magick.wasm"),
  "webp.wasm": join(NODE_MODULES, "@jsquash/webp/codec/dec/webp_dec.wasm"),
  // Our own build, kept compiled.
  "dav1d.wasm": join(import.meta.dirname, "../../build/codec-wasm/dav1d/dav1d.wasm"),
};

await runCommand(
  {
    usage: "node scripts/prepare/codec-wasm.ts",
    about:
      "Makes .generated/codecs/: the picture codecs, changed to import their memory. npm runs it after an install.",
  },
  async () => {
    await mkdir(OUT, { recursive: true });
    for (const [name, path] of Object.entries(CODECS)) {
      const wasm = await readFile(path);
      await writeFile(join(OUT, name), importMemory(wasm));
    }
  },
);
