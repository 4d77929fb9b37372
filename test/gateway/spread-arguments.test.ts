/**
 * A list that is spread into a call's arguments goes onto the stack, and 150,000 elements overflow it. So no list whose
 * length a client or a file decides may be spread. This test searches the source for spread lists; each must be listed
 * here with the reason why it is short.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** These files run in the browser, on answers of the API, which have limits. */
const PAGE = "functions/page/";

/** Number of spread lists in a file, and why they are short. */
const BOUNDED: Readonly<Record<string, readonly [count: number, why: string]>> = {
  "functions/runtime/simd/int8-linear.ts": [3, "what a quantized layer consists of: at most four"],
  "functions/runtime/simd/node-cursor.ts": [1, "a node's inputs, as the code calls it"],
  "functions/runtime/simd/program.ts": [2, "shards and steps of a stage"],
  "functions/runtime/simd/shard-weights.ts": [1, "matrices of a shard"],
  "functions/runtime/simd/steps/convnext-block.ts": [1, "bands of an MLP, as the build cuts it"],
  "functions/runtime/simd/steps/transformer-block.ts": [2, "query, key and value; four layers"],
  "functions/state/account/file-tables.ts": [1, "the conditions of a query: three at most"],
  "functions/state/vector-store/picture-table.ts": [1, "the conditions of a query: four at most"],
  "functions/state/account/set-name-table.ts": [1, "values of one statement, which SQLite limits"],
  "functions/state/vector-store/store-workshop.ts": [1, "two pauses at most"],
  "functions/search/open-rows.ts": [1, "rows of half a page"],
  "functions/search/page-memory.ts": [2, "pages of a memory of 84 MB: some hundreds"],
  "functions/runtime/ask-object.ts": [1, "the parameters of one call"],
  "functions/gateway/coalesced-calls/part-cache.ts": [1, "the parameters of one call"],
  "functions/gateway/keys/api-key.ts": [1, "bytes of a key"],
  "functions/decoder/preprocess/crop-resizer.ts": [2, "pixels of the model's input along a side"],
  "functions/decoder/preprocess/simd-resampler.ts": [4, "the same"],
  "functions/decoder/heif/read-heif-header.ts": [1, "four letters"],
  "functions/decoder/formats/sniff-format.ts": [1, "at most twelve letters"],
  "scripts/cloudflare/api.ts": [2, "one page of a list, which Cloudflare bounds"],
  "scripts/cloudflare/served-references.ts": [1, "models of a deployment"],
  "scripts/towers/int8-scale.ts": [3, "three tasks, and the scales that are tried"],
  "scripts/scale/tables.ts": [1, "the loads of a table"],
  "scripts/worker-configs.ts": [1, "stages of a model"],
  "scripts/charts/line-chart.ts": [3, "points of a chart"],
  "build/command-line/command.ts": [2, "the options of a command"],
  "build/codec-wasm/import-memory.ts": [4, "the section of imports of an installed codec"],
  "build/synthetic/pickle-state-dict.ts": [2, "tensors of a model that we write"],
  "build/shards/write-shard.ts": [1, "units of a shard"],
  "build/promote/unit-bench.ts": [1, "samples that are measured"],
  "build/measure/agreement.ts": [2, "the same"],
  "model-shards/plan-stages.ts": [2, "shards of a model"],
};

/** Source without the contents of strings, comments and regular expressions, so that brackets in them do not count. */
function bare(source: string): string {
  return source.replaceAll(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|(?<=[=(,:?!&|]\s*)\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//g,
    '""',
  );
}

/** The bracket that encloses a position, with the text before it. */
function enclosing(text: string, at: number): string {
  let depth = 0;
  for (let i = at - 1; i >= 0; i--) {
    const character = text[i] ?? "";
    if (")]}".includes(character)) depth++;
    else if ("([{".includes(character) && depth-- === 0) return text.slice(Math.max(0, i - 40), i + 1);
  }
  return "";
}

/** The lists that are spread into calls. */
function spreadArguments(source: string): string[] {
  const text = bare(source);
  return [...text.matchAll(/\.\.\.(?<argument>[^,)\n]+)/g)].flatMap(({ index, groups }) => {
    const argument = groups?.["argument"] ?? "";
    // A rest parameter has a type, or belongs to an arrow function.
    const isParameter = /^#?\w+\s*:/.test(argument);
    return enclosing(text, index).endsWith("(") && !isParameter ? [argument.trim()] : [];
  });
}

async function sources(folder: string): Promise<string[]> {
  const files = await readdir(join(ROOT, folder), { recursive: true });
  return files
    .filter((file) => file.endsWith(".ts") && !file.includes(".generated"))
    .map((file) => join(folder, file))
    .filter((file) => !file.startsWith(PAGE));
}

it("finds what is spread into calls", () => {
  expect(spreadArguments("values.push(...all, [...list], { ...object }, f(1, ...more));")).toEqual([
    "all",
    "more",
  ]);
  expect(spreadArguments("function f(...rest: string[]) {}\nconst [a, ...b] = c;")).toEqual([]);
  expect(spreadArguments('text(")(", ...a); // g(...b)\nMath.max(\n  ...c,\n)')).toEqual(["a", "c"]);
});

it("no list of unbounded length is spread into a call", { timeout: 30_000 }, async () => {
  const found = new Map<string, string[]>();
  for (const folder of ["functions", "scripts", "build", "model-shards"]) {
    for (const file of await sources(folder)) {
      const text = await readFile(join(ROOT, file), "utf8");
      const spread = spreadArguments(text);
      if (spread.length > 0) found.set(file, spread);
      expect(text, `${file} applies a list`).not.toMatch(/\.apply\((?:null|undefined|this|Math|String)\b/);
    }
  }
  for (const [file, spread] of found)
    expect(spread.length, `${file}: ${spread.join(", ")}`).toBe(BOUNDED[file]?.[0] ?? 0);
  expect(
    Object.keys(BOUNDED).filter((file) => !found.has(file)),
    "no longer there",
  ).toEqual([]);
});
