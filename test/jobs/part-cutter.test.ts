/** How an input is cut into parts: none is more than the towers answer in one go, whatever its lines ask for. */
import { expect, it } from "vitest";
import type { BatchEndpoint } from "../../functions/batches/batch-object.ts";
import { countWork } from "../../functions/jobs/batches/count-work.ts";
import { MAX_PARTS, PartCutter } from "../../functions/jobs/batches/part-cutter.ts";

/** Lines of each part of `count` such lines. */
function cut(endpoint: BatchEndpoint, count: number, bodyOf: (index: number) => object): number[] {
  const cutter = new PartCutter();
  const parts = [];
  let offset = 0;
  for (let index = 0; index < count; index++) {
    const body = bodyOf(index);
    const { length } = JSON.stringify(body);
    const line = { offset, length, bytes: undefined };
    const work = countWork(endpoint, body as Record<string, unknown>);
    parts.push(cutter.add(line, { customId: `${index}`, ...work }));
    offset += length;
  }
  parts.push(cutter.end());
  return parts.flatMap((part) => (part === undefined ? [] : [part.customIds.length]));
}

const FILE = { file_id: "file-0" };

it("has at most 32 pictures in a part, however short the lines are", () => {
  const lines = cut("/v1/embeddings", 40, () => ({ input: Array.from({ length: 16 }, () => FILE) }));
  expect(Math.max(...lines)).toBe(2);
});

/** A picture and examples of one label. */
const taught = (label: string, count: number): object => ({
  images: [FILE],
  labels: [{ label, examples: Array.from({ length: count }, () => "https://example.com/a.jpg") }],
});

it("counts the pictures from which labels are learned, once for lines with the same", () => {
  expect(Math.max(...cut("/v1/classify", 20, (index) => taught(`label ${index}`, 16)))).toBe(1);
  // One example and 24 pictures: 12.5 s.
  expect(cut("/v1/classify", 48, () => taught("one", 1))).toEqual([24, 24]);
});

/** Offset and bytes of each part of two lines of 100 bytes, with blank lines between them. */
function partsOfTwo(second: number): (readonly [number, number])[] {
  const cutter = new PartCutter();
  const work = { customId: "a", ...countWork("/v1/embeddings", { input: "fox" }) };
  const parts = [0, second].map((offset) => cutter.add({ offset, length: 100, bytes: undefined }, work));
  return [...parts, cutter.end()].flatMap((part) => (part === undefined ? [] : [[part.offset, part.bytes]]));
}

it("counts blank lines between two lines among the bytes of a part", () => {
  expect(partsOfTwo(3_999_900)).toEqual([[0, 4_000_000]]);
  for (const second of [3_999_901, 10_000_000]) {
    expect(partsOfTwo(second)).toEqual([
      [0, 100],
      [second, 100],
    ]);
  }
});

it("has at most 48 decoded pictures in a part, though lines have the same examples", () => {
  const lines = cut("/v1/classify", 64, () => taught("one", 15));
  expect(Math.max(...lines)).toBe(3);
  expect(lines).toHaveLength(22);
  expect(Math.max(...cut("/v1/classify", 64, (index) => taught(`label ${index % 2}`, 7)))).toBe(6);
});

/** Why the cutter refuses the first line of one part too many, if each line has a part of its own. */
function excessOf(endpoint: BatchEndpoint, body: Record<string, unknown>): string | undefined {
  const cutter = new PartCutter();
  const work = countWork(endpoint, body);
  for (let index = 0; index < MAX_PARTS; index++) {
    cutter.add({ offset: index, length: 1, bytes: undefined }, { customId: `${index}`, ...work });
  }
  expect(cutter.excess).toBeUndefined();
  cutter.add({ offset: MAX_PARTS, length: 1, bytes: undefined }, { customId: "last", ...work });
  return cutter.excess;
}

it("says whether examples make the lines too many, and what spares them", () => {
  const images = Array.from({ length: 10 }, () => FILE);
  const ofExamples = excessOf("/v1/classify", { ...taught("one", 16), images });
  expect(ofExamples).toMatch(/examples .* label_set/);
  const input = Array.from({ length: 32 }, () => FILE);
  const ofPictures = excessOf("/v1/embeddings", { input });
  expect(ofPictures).toMatch(/more pictures and texts than/);
  expect(ofPictures).not.toMatch(/examples/);
});

it("counts examples again in the next part, which computes them again", () => {
  const images = Array.from({ length: 9 }, () => FILE);
  expect(cut("/v1/classify", 6, () => ({ ...taught("one", 7), images }))).toEqual([2, 2, 2]);
});

it("counts all prompts of a classification", () => {
  const prompts = ["a", "b", "c"];
  const labels = [{ label: "x", prompts }, { label: "y" }, "z"];
  const body = { image: FILE, labels, templates: "openai-7", negative: ["n", "m"] };
  expect(countWork("/v1/classify", body)).toMatchObject({ images: 1, texts: 3 + 7 + 7 + 2 });
  for (const [none, texts] of [
    [true, 2],
    [["a", "b", "c"], 3],
    [{ prompts: ["a"], bias: 1 }, 1],
    [{ bias: 1 }, 2],
    [false, 0],
  ]) {
    expect(countWork("/v1/classify", { image: FILE, labels: [], none })).toMatchObject({ texts });
  }
});

it("counts the texts and pictures of mixes", () => {
  const content = [
    { type: "text", text: "a" },
    { type: "text", text: "b" },
    { type: "image_url", image_url: { url: "https://example.com/a.jpg" } },
  ];
  const work = countWork("/v1/embeddings", { input: [{ content }, "c"] });
  expect(work).toMatchObject({ images: 1, texts: 3, items: 2 });
});

it("computes texts of many different lists once, if lines take turns with them", () => {
  const lines = cut("/v1/classify", 1_000, (index) => ({
    images: [{ embedding: [1] }],
    labels: Array.from({ length: 100 }, (_, at) => `label ${index % 200} ${at}`),
  }));
  // After the first 200 lines, which are cut by their texts, by the number of lines.
  expect(lines.at(-2)).toBe(256);
});

const thousandLabels = (list: number): string[] =>
  Array.from({ length: 1_000 }, (_, i) => `label ${i} of ${list}`);

it("computes texts again that the parts before could not all keep", () => {
  const lists = Array.from({ length: 20 }, (_, list) => thousandLabels(list));
  // Each list twice, the second time after all the others: a thousand texts are 20 s, and a part keeps 500.
  const lines = cut("/v1/classify", 40, (index) => ({ image: FILE, labels: lists[index % 20] }));
  expect(lines).toEqual(Array(40).fill(1));
  // The same list in all lines: two parts compute it, and the others have only their pictures.
  expect(cut("/v1/classify", 66, () => ({ image: FILE, labels: thousandLabels(0) }))).toEqual([1, 1, 32, 32]);
});

it("does not take lists for equal because their long texts were lifted", () => {
  const body = { images: [{ embedding: [1] }], labels: ["\0lifted:0"] };
  expect(countWork("/v1/classify", body).sameTexts).toBeNull();
});
