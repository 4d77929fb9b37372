/**
 * Divides a set that is too large for one request into parts, which are computed in order. The plan is made once from
 * the definition and stored in blocks, so that reading a part costs the same for any size of set. It stores labels and
 * templates instead of prompts: 10,000 labels with 100 templates have a million prompts.
 */
import type { Prompts } from "../../embed/compute-prompts.ts";
import { fillTemplate, type LabelSetDefinition } from "../definition.ts";

/** The source of one vector: a label for the set's templates, or prompts that are used unchanged. */
export type PlannedItem = string | readonly string[];

export interface Plan {
  templates: readonly string[];
  parts: number;
  /** Number of the first part in each block. */
  blocks: readonly number[];
  /** Index of each example's label, ascending; absent for a set without examples. */
  examples?: readonly number[];
}

/** Prompts of a part, about ten seconds of the text tower. The prompts of one label stay in one part. */
const PROMPTS_PER_PART = 512;
/** UTF-16 code units after which a block is full; one part may add about as many again. */
const BLOCK_LENGTH = 250_000;

/** The parts of a set, block by block. */
export function* planBlocks(definition: LabelSetDefinition): Generator<PlannedItem[][]> {
  let block: PlannedItem[][] = [];
  let length = 0;
  let prompts = Infinity;
  for (const item of plannedItems(definition)) {
    const count = typeof item === "string" ? definition.templates.length : item.length;
    if (prompts + count > PROMPTS_PER_PART) {
      if (length > BLOCK_LENGTH) {
        yield block;
        block = [];
        length = 0;
      }
      block.push([]);
      prompts = 0;
    }
    block.at(-1)?.push(item);
    prompts += count;
    length += typeof item === "string" ? item.length : item.reduce((sum, text) => sum + text.length, 0);
  }
  yield block;
}

/** The block that holds a part, and the part's index in it. */
export function placeOf({ blocks }: Plan, part: number): { block: number; index: number } {
  const block = blocks.findLastIndex((first) => first <= part);
  return { block, index: part - (blocks[block] ?? 0) };
}

export function promptsOfItem(item: PlannedItem, { templates }: Plan): Prompts {
  return typeof item === "string" ? templates.map((template) => fillTemplate(template, item)) : item;
}

/** Yields items in the order of the set's vectors: the labels, then the negatives. */
function* plannedItems({ labels, negative }: LabelSetDefinition): Generator<PlannedItem> {
  for (const { label, prompts } of labels) yield prompts ?? label;
  for (const text of negative) yield [text];
}
