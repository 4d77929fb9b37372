/** A list in a request is checked only up to its first fault or its limit. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { labelSetRequestSchema } from "../../../functions/gateway/schemas/label-set-request.ts";
import { list } from "../../../functions/gateway/schemas/fields/list.ts";
import { validate } from "../../../functions/gateway/schemas/fields/validate.ts";
import { Pauses } from "../../../functions/runtime/sharing/pauses.ts";
import { provideScheduler } from "../../../scripts/towers/provide-scheduler.ts";

provideScheduler();

const SCHEMAS = join(import.meta.dirname, "../../../functions/gateway/schemas");

/** A list of numbers, and a count of the numbers that were checked. */
function counted(): { schema: z.ZodType; looked: () => number } {
  let looked = 0;
  const element = z.number().transform((value) => {
    looked++;
    return value;
  });
  return { schema: z.object({ items: list(element).min(1).max(10, "at most 10") }), looked: () => looked };
}

describe("list", () => {
  it("gives back the values that it got", async () => {
    const { schema } = counted();
    expect(await validate(schema, { items: [3, 1, 2] })).toEqual({ items: [3, 1, 2] });
  });

  it.each([
    [["x"], "invalid_type", "items[0]"],
    [[1, 2, "x", "y"], "invalid_type", "items[2]"],
    [[], "empty_input", "items"],
    [Array(11).fill(1), "too_many_items", "items"],
    ["x", "invalid_type", "items"],
  ])("refuses %j as zod's does", async (items, code, param) => {
    await expect(validate(counted().schema, { items })).rejects.toThrow(
      expect.objectContaining({ code, param }),
    );
    const own = z.object({ items: z.array(z.number()).min(1).max(10, "at most 10") });
    await expect(validate(own, { items })).rejects.toThrow(expect.objectContaining({ code, param }));
  });

  it("checks nothing beyond the limit or the first fault", async () => {
    const many = counted();
    await expect(validate(many.schema, { items: Array(1_000_000).fill(1) })).rejects.toThrow("at most 10");
    expect(many.looked()).toBe(0);
    const wrong = counted();
    await expect(validate(wrong.schema, { items: [1, "x", ...Array<number>(5).fill(1)] })).rejects.toThrow(
      "items[1]",
    );
    expect(wrong.looked()).toBe(1);
  });

  it.each([
    ["texts", "x".repeat(992), 1_000, 40],
    ["objects with a text", { a: "x".repeat(983) }, 1_000, 40],
    [
      "objects with many fields",
      Object.fromEntries(Array.from({ length: 984 }, (_, i) => [i, 0])),
      1_000,
      40,
    ],
    ["numbers", 1, 100_000, 4],
    ["nothing", null, 100_000, 4],
  ])("pauses for others while it checks %s", async (_, element, count, expected) => {
    let pauses = 0;
    const context = { pauses: new Pauses(() => ++pauses > 0) };
    const items: unknown[] = Array.from({ length: count }, () => element);
    const parsed = await list(z.any()).safeParseAsync(
      items,
      context as z.core.ParseContext<z.core.$ZodIssue>,
    );
    expect(parsed.success).toBe(true);
    expect(pauses).toBe(expected);
  });

  it("keeps one issue instead of a million", () => {
    const labels = Array.from({ length: 10_000 }, (_, i) => ({ label: `${i}`, prompts: Array(100).fill(0) }));
    const { error } = labelSetRequestSchema.safeParse({ labels });
    const count = (issue: z.core.$ZodIssue): number =>
      issue.code === "invalid_union" ? issue.errors.flat().reduce((sum, each) => sum + count(each), 1) : 1;
    expect(error?.issues.reduce((sum, issue) => sum + count(issue), 0)).toBeLessThan(10);
  });

  it("is the only kind of list in request schemas", async () => {
    const files = (await readdir(SCHEMAS, { recursive: true })).filter((file) => file.endsWith(".ts"));
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) {
      const source = await readFile(join(SCHEMAS, file), "utf8");
      expect(source, file).not.toMatch(/\bz\s*\.(array|record|set|map|tuple)\(/);
    }
  });
});
