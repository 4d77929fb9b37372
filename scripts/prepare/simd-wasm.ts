/**
 * Compiles kernels from AssemblyScript to `.generated/simd/`: those of the engine, to one module with relaxed SIMD and
 * one without; what asks the host about its dot product; those of the decoder's resize; those of the search; and some
 * for benches. npm runs it after an install (`prepare`).
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { BuildError } from "../../build/build-error.ts";
import { runCommand } from "../../build/command-line/command.ts";
import { GENERATED, NODE_MODULES, ROOT } from "../paths.ts";

const OUT = join(GENERATED, "simd");
const KERNELS = "functions/runtime/simd/kernels";

/**
 * No allocator, no data, no assertions. Modules declare the one page of memory that each gets at least: workerd's V8
 * checks every address, but no constant one below what is declared, and others with fewer instructions.
 *
 * Two warnings are off: `usize` and `i32` are mixed on purpose, and no v128 is passed to or from JavaScript.
 */
const OPTIONS = [
  "-O3",
  "--runtime=stub",
  "--noAssert",
  "--importMemory",
  "--initialMemory=1",
  "--enable=simd",
  "--disableWarning=112",
  "--disableWarning=201",
];

async function build(source: string, name: string, options: readonly string[] = []): Promise<void> {
  const compiler = join(NODE_MODULES, "assemblyscript/bin/asc.js");
  const out = `--outFile=${OUT}/${name}.wasm`;
  try {
    await promisify(execFile)(process.execPath, [compiler, source, ...OPTIONS, ...options, out], {
      cwd: ROOT,
    });
  } catch (error) {
    throw new BuildError(`${source} cannot be compiled: ${(error as Error).message}`);
  }
}

await runCommand(
  {
    usage: "node scripts/prepare/simd-wasm.ts",
    about: "Compiles the kernels in AssemblyScript to .generated/simd/. npm runs it after an install.",
  },
  async () => {
    await mkdir(OUT, { recursive: true });
    await build(`${KERNELS}/index.ts`, "relaxed", ["--enable=relaxed-simd"]);
    await build(`${KERNELS}/index.ts`, "plain");
    await build(`${KERNELS}/dot.ts`, "dot", ["--enable=relaxed-simd"]);
    await build("functions/decoder/preprocess/kernels/resize.ts", "resize");
    await build("functions/search/kernels/scan.ts", "scan");
    await build("test/bench/kernels/read.ts", "read");
    await build("test/bench/kernels/peak.ts", "peak", ["--enable=relaxed-simd"]);
  },
);
