/**
 * Makes `.generated/ort/` from the installed onnxruntime-web: its WebAssembly without shared memory and its JavaScript
 * without threads. npm runs it after an install (`prepare`). The hashes of the input files are pinned, so that an
 * upgrade cannot change the deployed code unnoticed.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256Hex } from "../../model-shards/sha256.ts";
import { BuildError } from "../../build/build-error.ts";
import { runCommand } from "../../build/command-line/command.ts";
import { patchGlue } from "../../build/ort-wasm/patch-glue.ts";
import { unshareMemory } from "../../build/ort-wasm/unshare-memory.ts";
import { GENERATED, NODE_MODULES } from "../paths.ts";

const DIST = join(NODE_MODULES, "onnxruntime-web/dist");
const OUT = join(GENERATED, "ort");

/** SHA-256 of onnxruntime-web 1.30.0's files. */
const PINNED = {
  "ort-wasm-simd-threaded.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
  "ort-wasm-simd-threaded.mjs": "e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b",
};

const DECLARATION = `import type { OrtModule, OrtModuleOptions } from "../../functions/runtime/ort/ort-api.ts";
declare const makeOrtModule: (options: OrtModuleOptions) => Promise<OrtModule>;
export default makeOrtModule;
`;

async function readPinned(folder: string, name: keyof typeof PINNED): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(await readFile(join(folder, name)));
  const found = await sha256Hex(bytes);
  if (found !== PINNED[name]) {
    throw new BuildError(
      `${name} has SHA-256 ${found}, pinned is ${PINNED[name]}. If onnxruntime-web was upgraded on purpose, ` +
        `check build/ort-wasm/patch-glue.ts against the new files, run the tests, then change the pin.`,
    );
  }
  return bytes;
}

await runCommand(
  {
    usage: "node scripts/prepare/ort-wasm.ts [folder]",
    about: `Makes .generated/ort/ from the files of onnxruntime-web in the folder (default: the installed ones). npm runs it after
an install.`,
    words: ["[folder]"],
  },
  async (_, [source = DIST]) => {
    const wasm = unshareMemory(await readPinned(source, "ort-wasm-simd-threaded.wasm"));
    const glue = patchGlue(new TextDecoder().decode(await readPinned(source, "ort-wasm-simd-threaded.mjs")));
    await mkdir(OUT, { recursive: true });
    await writeFile(join(OUT, "ort.wasm"), wasm);
    await writeFile(join(OUT, "ort.mjs"), glue);
    await writeFile(join(OUT, "ort.d.mts"), DECLARATION);
  },
);
