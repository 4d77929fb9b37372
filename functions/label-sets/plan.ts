/**
 * How a set that is too large for one request is computed: in parts, in order. The plan is made of the definition once
 * and kept in blocks, so that what a part costs to read does not grow with the set. It holds labels and templates, not
 * the prompts that they make: those of 10,000 labels with 100 templates are a million.
 */
import type { Prompts } from "../embed/compute-prompts.ts";
import { fillTemplate, type LabelSetDefinition } from "./definition.ts";

/** What makes one vector: a label that goes into the set's templates, or prompts as they are. */
export type PlannedItem = string | readonly string[];

export interface Plan {
  templates: readonly string[];
  parts: number;
  /** Number of the first part in each block. */
  blocks: readonly number[];
}

/** Prompts of a part: some ten seconds of the text tower. A label's prompts are never divided. */
const PROMPTS_PER_PART = 512;
/** UTF-16 code units after which a block takes no further part; a part has about as many at most. */
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

/** The block that a part is in, and where in it. */
export function placeOf({ blocks }: Plan, part: number): { block: number; index: number } {
  const block = blocks.findLastIndex((first) => first <= part);
  return { block, index: part - (blocks[block] ?? 0) };
}

export function promptsOfItem(item: PlannedItem, { templates }: Plan): Prompts {
  return typeof item === "string" ? templates.map((template) => fillTemplate(template, item)) : item;
}

/** In the order of the set's vectors: the labels, then the negatives. */
function* plannedItems({ labels, negative }: LabelSetDefinition): Generator<PlannedItem> {
  for (const { label, prompts } of labels) yield prompts ?? label;
  for (const text of negative) yield [text];
}
