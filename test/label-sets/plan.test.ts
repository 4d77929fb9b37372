/** How a large set is divided into parts. */
import { describe, expect, it } from "vitest";
import { type LabelSetDefinition, promptsOfSet } from "../../functions/label-sets/definition.ts";
import { type Plan, placeOf, planBlocks, promptsOfItem } from "../../functions/label-sets/builds/plan.ts";

const LABELS = Array.from({ length: 10_000 }, (_, i) => `label number ${i}`);

function definition(rest: Partial<LabelSetDefinition>): LabelSetDefinition {
  const labels = LABELS.map((label) => ({ label }));
  return { labels, templates: ["a {}."], negative: ["a photo.", "nothing"], min_similarity: null, ...rest };
}

const CASES = {
  "one template": definition({}),
  "100 templates": definition({ templates: Array.from({ length: 100 }, (_, i) => `${i} {}`) }),
  "prompts of their own": definition({
    labels: LABELS.slice(0, 2000).map((label, i) => ({
      label,
      ...(i % 3 === 0 ? {} : { prompts: Array.from({ length: (i % 100) + 1 }, (_, j) => `${label}, ${j}`) }),
    })),
  }),
};

describe.each(Object.entries(CASES))("a set with %s", (_name, set) => {
  const blocks = [...planBlocks(set)];
  const parts = blocks.flat();
  let first = 0;
  const plan: Plan = {
    templates: set.templates,
    parts: parts.length,
    blocks: blocks.map((block) => (first += block.length) - block.length),
  };

  it("has all of its prompts in its parts, in order", () => {
    const prompts = parts.flat().map((item) => promptsOfItem(item, plan));
    expect(prompts).toEqual([...promptsOfSet(set)]);
  });

  it("has parts of at most 512 prompts", () => {
    for (const part of parts) {
      const prompts = part.reduce((sum, item) => sum + promptsOfItem(item, plan).length, 0);
      expect(prompts).toBeGreaterThan(0);
      expect(prompts).toBeLessThanOrEqual(512);
    }
  });

  it("has a new part only for what does not fit in the one before, and a new block after a full one", () => {
    for (const [number, part] of parts.slice(0, -1).entries()) {
      const prompts = [...part, ...(parts[number + 1] ?? []).slice(0, 1)].reduce(
        (sum, item) => sum + promptsOfItem(item, plan).length,
        0,
      );
      expect(prompts).toBeGreaterThan(512);
    }
    for (const block of blocks.slice(0, -1)) expect(block.flat(2).join("").length).toBeGreaterThan(250_000);
  });

  it("finds each part in a block of bounded size", () => {
    for (const [number, part] of parts.entries()) {
      const { block, index } = placeOf(plan, number);
      expect(blocks[block]?.[index]).toBe(part);
    }
    for (const block of blocks) expect(JSON.stringify(block).length).toBeLessThan(600_000);
  });
});
