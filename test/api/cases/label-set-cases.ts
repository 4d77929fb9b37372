/** The contract of `/v1/label_sets`, of sets by name, and of examples. */
import { type Case, row } from "./contract-row.ts";
import { many, type Material, vectorOf } from "./material.ts";

const CLASSIFY = "POST /v1/classify";
const SETS = "POST /v1/label_sets";

export function labelSetCases({ image, set, width }: Material): Case[] {
  const vector = vectorOf(width);
  return [
    row(SETS, "a new set", { labels: ["contract", "case"] }, 201),
    row(SETS, "the same set", { labels: ["contract", "case"], name: "n" }, 200),
    row(SETS, "a name", { labels: ["contract", "case"], name: "contract-1" }, 200),
    row(SETS, "words for a name", { labels: "a", name: "My set" }, 400, "invalid_value", "name"),
    row(SETS, "an id for a name", { labels: "a", name: "ls_a" }, 400, "invalid_value", "name"),
    row(SETS, "no value for a name", { labels: "a", name: "None" }, 400, "invalid_value", "name"),
    row(SETS, "what forms write for no value", { labels: "a", name: "none" }, 400, "invalid_value", "name"),
    row(SETS, "a name of 65", { labels: "a", name: "a".repeat(65) }, 400, "too_long", "name"),
    row(SETS, "a title", { labels: ["a", "title"], title: "My set" }, 201),
    row(CLASSIFY, "a set by name", { image, label_set: "contract-1" }, 200),
    row(CLASSIFY, "sets by id and name", { image, label_set: ["contract-1", set] }, 200),
    row(
      CLASSIFY,
      "an unknown name",
      { image, label_set: "contract-2" },
      404,
      "label_set_not_found",
      "label_set",
    ),
    row(CLASSIFY, "examples of a label", { image, labels: [{ label: "a", examples: [image] }, "b"] }, 200),
    row(
      CLASSIFY,
      "an example of another model",
      { image, labels: [{ label: "a", examples: [{ embedding: vector, revision: "r" }] }] },
      409,
      "label_set_model_mismatch",
      "labels[0].examples[0].revision",
    ),
    row(
      CLASSIFY,
      "an example's vector without its revision",
      { image, labels: [{ label: "a", examples: [{ embedding: vector }] }] },
      400,
      "missing_field",
      "labels[0].examples[0].revision",
    ),
    row(
      CLASSIFY,
      "65 examples of a label",
      { image, labels: [{ label: "a", examples: many(65) }] },
      400,
      "too_many_items",
      "labels[0].examples",
    ),
    row(SETS, "a set with examples", { labels: [{ label: "a", examples: [image] }, "b"] }, 202),
    row(
      SETS,
      "an example of another model",
      { labels: [{ label: "a", examples: [{ embedding: vector, revision: "r" }] }] },
      409,
      "label_set_model_mismatch",
      "labels[0].examples[0].revision",
    ),
    row(
      SETS,
      "an example that is no picture",
      { labels: [{ label: "a", examples: ["?"] }] },
      400,
      "invalid_image",
      "labels[0].examples[0]",
    ),
    row(SETS, "a set that takes long", { labels: many(200, "long "), templates: "openai-7" }, 202),
    row(SETS, "10,001 labels", { labels: many(10_001) }, 400, "too_many_items", "labels"),
    row(SETS, "a misspelt field", { label: "a", template: "a {}" }, 400, "unknown_field", "template"),
    row(SETS, "a label twice", { labels: ["a", "a"] }, 400, "duplicate_label", "labels[1]"),
    row("GET /v1/label_sets", "the list", undefined, 200),
    row("GET /v1/label_sets?limit=0", "a page of nothing", undefined, 400, "invalid_type", "limit"),
    row(`GET /v1/label_sets/${set}`, "one", undefined, 200),
    row("GET /v1/label_sets/contract-1", "one by name", undefined, 200),
    row("DELETE /v1/label_sets/contract-1", "one by name", undefined, 200),
    row(
      "GET /v1/label_sets/contract-1",
      "a name whose set is deleted",
      undefined,
      404,
      "label_set_not_found",
    ),
    row("GET /v1/label_sets/ls_x", "an unknown one", undefined, 404, "label_set_not_found"),
    row("DELETE /v1/label_sets/ls_x", "an unknown one", undefined, 404, "label_set_not_found"),
  ];
}
