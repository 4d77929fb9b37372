/** Requests about label sets, and the operator's own: what is taken and what is refused. */
import { computeLabelSetsRequestSchema } from "../../../functions/gateway/schemas/compute-label-sets-request.ts";
import {
  labelSetListSchema,
  labelSetRequestSchema,
} from "../../../functions/gateway/schemas/label-set-request.ts";
import { operatorReportQuerySchema } from "../../../functions/gateway/schemas/operator-report-query.ts";
import { type Acceptance, describeRows, PICTURE, type Refusal } from "./request-rows.ts";
import { many } from "./validated.ts";

const SCHEMAS = {
  "label set": [labelSetRequestSchema, { labels: ["fox"] }],
  list: [labelSetListSchema, {}],
  "compute-label-sets": [computeLabelSetsRequestSchema, {}],
  report: [operatorReportQuerySchema, {}],
} as const;

const REFUSED: Refusal[] = [
  [
    "label set",
    { labels: [{ label: "a", prompts: [PICTURE] }] },
    "invalid_value",
    "labels[0].prompts[0]",
    "",
  ],
  ["label set", { template: "a {}" }, "unknown_field", "template", 'did you mean "templates"?'],
  ["compute-label-sets", { model: null, afters: "x" }, "unknown_field", "afters", 'did you mean "after"?'],
  ["label set", { name: "x".repeat(65) }, "too_long", "name", "at most 64 characters"],
  ["label set", { name: "ls_a" }, "invalid_value", "name", "must be made of a-z, 0-9"],
  ["label set", { title: "x".repeat(257) }, "too_long", "title", "at most 256 characters"],
  ["label set", { labels: many(10_001) }, "too_many_items", "labels", "at most 10000 labels"],
  ["label set", { labels: undefined }, "missing_field", "labels", "is missing"],
  ["list", { limit: "0" }, "invalid_type", "limit", "must be at least 1"],
  ["list", { limit: "101" }, "invalid_type", "limit", "at most 100"],
  ["list", { limit: "1.5" }, "invalid_type", "limit", ""],
  ["list", { after: "x".repeat(65) }, "too_long", "after", ""],
  ["compute-label-sets", { after: "x".repeat(1_025) }, "too_long", "after", ""],
  ["report", { part: "secrets" }, "invalid_type", "part", ""],
  ["report", { after: "-1" }, "invalid_type", "after", "must be at least 0"],
  ["report", { after: "100001" }, "invalid_type", "after", "must be at most 100000"],
];

const TAKEN: Acceptance[] = [
  [
    "label set",
    { name: "x".repeat(64), title: "X".repeat(256), negative: ["a"], min_similarity: null },
    { negative: ["a"] },
  ],
  ["list", {}, { limit: 20 }],
  ["list", { limit: "1", after: "x".repeat(64) }, { limit: 1, after: "x".repeat(64) }],
  ["list", { limit: "100" }, { limit: 100 }],
  ["compute-label-sets", {}, { remove_former: false }],
  ["compute-label-sets", { after: "x".repeat(1_024) }, { after: "x".repeat(1_024) }],
  ["report", {}, { part: "host", after: 0 }],
  ["report", { part: "label_sets", after: "100000" }, { part: "label_sets", after: 100_000 }],
];

describeRows(SCHEMAS, TAKEN, REFUSED);
