/** The step that removes shared memory from onnxruntime-web: its output, and that it refuses another version. */
import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { patchGlue } from "../../build/ort-wasm/patch-glue.ts";
import { unshareMemory } from "../../build/ort-wasm/unshare-memory.ts";
import { ortModule } from "../../scripts/towers/compiled-ort.ts";

const ROOT = join(import.meta.dirname, "../..");
const DIST = join(ROOT, "node_modules/onnxruntime-web/dist");
const WASM = "ort-wasm-simd-threaded.wasm";
const GLUE = "ort-wasm-simd-threaded.mjs";

it("makes a module that takes an ordinary memory", async () => {
  const memories = WebAssembly.Module.imports(await ortModule()).filter(({ kind }) => kind === "memory");
  expect(memories).toHaveLength(1);
  const original = new Uint8Array(await readFile(join(DIST, WASM)));
  const changed = unshareMemory(original);
  const differences = original.reduce((count, byte, at) => count + (byte === changed[at] ? 0 : 1), 0);
  expect(differences).toBe(1);
  expect(() => unshareMemory(changed)).toThrow("not shared");
});

it("leaves nothing in the glue that a Worker cannot have", async () => {
  const glue = await readFile(join(ROOT, ".generated/ort/ort.mjs"), "utf8");
  expect(glue).not.toMatch(/shared:!0|import\(|new Worker|import\.meta/);
  expect(() => patchGlue(glue)).toThrow("has 0 places");
});

it("refuses files of another version", async () => {
  const folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
  try {
    await copyFile(join(DIST, GLUE), join(folder, GLUE));
    await writeFile(join(folder, WASM), "another version");
    const run = promisify(execFile)(process.execPath, [join(ROOT, "scripts/prepare/ort-wasm.ts"), folder]);
    await expect(run).rejects.toThrow(/pinned is [0-9a-f]{64}/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
