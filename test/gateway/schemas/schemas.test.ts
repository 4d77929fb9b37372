/** Request schemas: templates, aliases, and the path in an error. */
import { describe, expect, it } from "vitest";
import { foldAliases, IMAGE_ALIASES } from "../../../functions/gateway/body/fields.ts";
import { classifyRequestSchema } from "../../../functions/gateway/schemas/classify-request.ts";
import { templatesSchema } from "../../../functions/gateway/schemas/fields/templates.ts";
import { fillTemplate } from "../../../functions/label-sets/definition.ts";
import { validate } from "../../../functions/gateway/schemas/fields/validate.ts";
import { OPENAI_7, OPENAI_80 } from "../../../functions/gateway/templates/openai.ts";
import { ServiceError } from "../../../functions/runtime/errors.ts";
import { provideScheduler } from "../../../scripts/towers/provide-scheduler.ts";

provideScheduler();

describe("the published templates", () => {
  it("are 80 and 7 of them, all different, each with one place for the label", () => {
    expect(new Set(OPENAI_80).size).toBe(80);
    expect(new Set(OPENAI_7).size).toBe(7);
    expect(OPENAI_7.filter((template) => !OPENAI_80.includes(template))).toEqual([]);
    expect(OPENAI_80.filter((template) => template.split("{}").length !== 2)).toEqual([]);
  });
});

describe("templates", () => {
  it.each([
    ["none", ["{}"]],
    ["openai-7", OPENAI_7],
    [["openai-7"], OPENAI_7],
    ["openai-80", OPENAI_80],
    ["my {}", ["my {}"]],
    [
      ["one {}", "two {}"],
      ["one {}", "two {}"],
    ],
  ])("%j", async (given, expected) => {
    expect(await validate(templatesSchema, given)).toEqual(expected);
  });

  it.each(["$&", "$1", "$`", "{}", "\\", "{{}}"])("take the label %s as it is", (label) => {
    expect(fillTemplate("a {} b", label)).toBe(`a ${label} b`);
  });
});

describe("foldAliases", () => {
  it.each([
    [{ image: "x" }, ["x"]],
    [{ input: ["x", "y"] }, ["x", "y"]],
    [{ image: null, images: ["x"] }, ["x"]],
    [{}, undefined],
  ])("%j", (fields, images) => {
    expect(foldAliases(fields, IMAGE_ALIASES)["images"]).toEqual(images);
  });

  it("refuses a request with several of the names, even with the same value", () => {
    const both = { image: "x", input: "x" };
    expect(() => foldAliases(both, IMAGE_ALIASES)).toThrow(
      expect.objectContaining({ code: "invalid_type", param: "input" }),
    );
  });
});

/** One error in each row: the change to a valid request, then the code and the path. */
const COMPLAINTS: [fields: Record<string, unknown>, code: string, param: string][] = [
  [{ labels: ["a", { label: "b", prompts: ["c", ""] }] }, "empty_input", "labels[1].prompts[1]"],
  [{ labels: [{ label: "a", prompts: [] }] }, "empty_input", "labels[0].prompts"],
  [{ labels: [{ label: "a", prompts: "b" }] }, "invalid_type", "labels[0].prompts"],
  [{ labels: [{ label: "a", prompts: Array(101).fill("b") }] }, "too_many_items", "labels[0].prompts"],
  [{ labels: [{ label: "a", min_similarity: -2 }] }, "invalid_type", "labels[0].min_similarity"],
  [{ labels: [{}] }, "missing_field", "labels[0].label"],
  [{ labels: [null] }, "invalid_type", "labels[0]"],
  [{ labels: [["a"]] }, "invalid_type", "labels[0]"],
  [{ labels: [{ label: "Tabby  Cat" }, "ｔａｂｂｙ cat"] }, "duplicate_label", "labels[1]"],
  [{ labels: ["caf\u00e9", "cafe\u0301"] }, "duplicate_label", "labels[1]"],
  [{ labels: ["a &amp; b", "a & b"] }, "duplicate_label", "labels[1]"],
  [{ labels: ["\u0000\u0001"] }, "empty_input", "labels[0]"],
  [{ templates: [] }, "empty_input", "templates"],
  [{ templates: 7 }, "invalid_type", "templates"],
  [{ templates: ["{}", "{"] }, "invalid_template", "templates[1]"],
  [{ templates: `${"x".repeat(511)}{}` }, "too_long", "templates[0]"],
  [{ templates: Array(101).fill("{}") }, "too_many_items", "templates"],
  [{ negative: [] }, "empty_input", "negative"],
  [{ negative: ["a", 1] }, "invalid_type", "negative[1]"],
  [{ top_k: 1.5 }, "invalid_type", "top_k"],
  [{ top_k: "5" }, "invalid_type", "top_k"],
  [{ top_k: Number.POSITIVE_INFINITY }, "invalid_type", "top_k"],
  [{ min_similarity: Number.NaN }, "invalid_type", "min_similarity"],
  [{ multi_label: "yes" }, "invalid_type", "multi_label"],
  [{ model: 7 }, "invalid_type", "model"],
  [{ images: [{ type: "image_url", image_url: { url: 7 } }] }, "invalid_type", "images[0].image_url.url"],
  [{ images: [{ type: "image_url", image_url: { url: "" } }] }, "empty_input", "images[0].image_url.url"],
  [{ images: [{ type: "image_url" }] }, "invalid_type", "images[0]"],
  [{ images: ["x", { image: "" }] }, "empty_input", "images[1].image"],
  [{ images: ["x", ""] }, "empty_input", "images[1]"],
  [{ images: [{}] }, "invalid_type", "images[0]"],
  [{ images: "x" }, "invalid_type", "images"],
];

describe("an error names the field", () => {
  const good = { images: ["x"], labels: ["a"] };

  it("a valid request gives no error", async () => {
    expect(await validate(classifyRequestSchema, good)).toMatchObject({ top_k: 5, multi_label: false });
  });

  it.each(COMPLAINTS)("%j → %s %s", async (fields, code, param) => {
    let thrown: unknown;
    try {
      await validate(classifyRequestSchema, { ...good, ...fields });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ServiceError);
    expect(thrown).toMatchObject({ code, param });
    expect((thrown as ServiceError).message).toContain(param);
  });
});

describe("at the limit", () => {
  it.each([
    ["1,000 labels", { labels: Array.from({ length: 1000 }, (_, i) => `label ${i}`) }],
    ["a label of 8,192 characters", { labels: ["x".repeat(8192)] }],
    ["100 prompts", { labels: [{ label: "a", prompts: Array(100).fill("b") }] }],
    ["100 templates", { templates: Array(100).fill("{}") }],
    ["16 images", { images: Array(16).fill("x") }],
    ["thresholds of -1 and 1", { min_similarity: -1, labels: [{ label: "a", min_similarity: 1 }] }],
    ["emoji, right-to-left and null", { labels: ["🦊", "ثعلب"], min_similarity: null }],
  ])("%s is accepted", async (_, fields) => {
    const request = { images: ["x"], labels: ["a"], ...fields };
    expect(await validate(classifyRequestSchema, request)).toHaveProperty("images");
  });
});
