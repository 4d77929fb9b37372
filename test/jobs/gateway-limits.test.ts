/**
 * What the jobs Worker knows of the gateway without importing it: its limits, and how many texts stand behind a name.
 */
import { expect, it } from "vitest";
import { MAX_IMAGES, MAX_INPUTS } from "../../functions/gateway/limits.ts";
import { DEFAULT_NONE } from "../../functions/gateway/schemas/fields/none.ts";
import { templatesSchema } from "../../functions/gateway/schemas/fields/templates.ts";
import { NAMED_TEMPLATES } from "../../functions/gateway/templates/named-templates.ts";
import { countWork } from "../../functions/jobs/batches/count-work.ts";
import { MAX_EXAMPLES, MAX_TEXTS } from "../../functions/jobs/batches/part-cutter.ts";

it("are the limits of a request", () => {
  expect([MAX_EXAMPLES, MAX_TEXTS]).toEqual([MAX_IMAGES, MAX_INPUTS]);
});

const textsWith = (templates: unknown): number =>
  countWork("/v1/classify", { labels: ["fox"], templates }).texts;

it.each([...NAMED_TEMPLATES])("are as many templates as %s has", (name, { length }) => {
  expect(textsWith(name)).toBe(length);
  expect(templatesSchema.parse([name])).toHaveLength(length);
  expect(textsWith([name])).toBe(length);
  // Beside others it is no name, and refused as a template.
  expect(textsWith([name, "a {}"])).toBe(2);
});

it.each(["constructor", "toString", "__proto__", "hasOwnProperty"])("are one template: %s", (templates) => {
  expect(textsWith(templates)).toBe(1);
  expect(textsWith([templates])).toBe(1);
});

it("are as many prompts as none has", () => {
  const { texts } = countWork("/v1/classify", { labels: ["fox"], none: true });
  expect(texts).toBe(1 + DEFAULT_NONE.length);
});
