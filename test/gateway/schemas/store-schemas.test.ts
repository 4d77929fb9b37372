/** The schemas of files, batches and vector stores, at their edges. */
import { describe, expect, it, test } from "vitest";
import { batchListSchema, batchRequestSchema } from "../../../functions/gateway/schemas/batch-request.ts";
import {
  fileListSchema,
  fileRequestSchema,
  maxBytesOf,
} from "../../../functions/gateway/schemas/file-request.ts";
import { filterSchema, refuseDeepFilters } from "../../../functions/gateway/schemas/fields/filter.ts";
import { attributesSchema, metadataSchema } from "../../../functions/gateway/schemas/fields/metadata.ts";
import {
  fileBatchRequestSchema,
  storeFileListSchema,
  storeFilesRequestSchema,
  storeFileUpdateSchema,
} from "../../../functions/gateway/schemas/store-file-request.ts";
import { storeSearchRequestSchema } from "../../../functions/gateway/schemas/store-search-request.ts";
import {
  vectorStoreListSchema,
  vectorStoreRequestSchema,
} from "../../../functions/gateway/schemas/vector-store-request.ts";
import {
  describeRequests,
  many,
  part,
  pictures,
  type Refused,
  type Schemas,
  type Taken,
} from "./validated.ts";

const pairs = (count: number, value: unknown = "v"): Record<string, unknown> =>
  Object.fromEntries(many(count).map((key) => [key, value]));
const eq = (i: number): object => ({ type: "eq", key: `k${i}`, value: i });

const SCHEMAS: Schemas = {
  attributes: [attributesSchema, {}],
  batch: [batchRequestSchema, { input_file_id: "f", endpoint: "/v1/classify", completion_window: "24h" }],
  batches: [batchListSchema, {}],
  file: [fileRequestSchema, { purpose: "vision", file: "a.png" }],
  files: [fileListSchema, {}],
  "file batch": [fileBatchRequestSchema, { file_ids: ["file-a"] }],
  filter: [filterSchema, { type: "eq", key: "k", value: 1 }],
  metadata: [metadataSchema, {}],
  search: [storeSearchRequestSchema, { query: "fox" }],
  store: [vectorStoreRequestSchema, {}],
  "store files": [storeFilesRequestSchema, { file_id: "file-a" }],
  "store file": [storeFileUpdateSchema, { attributes: {} }],
  "store file list": [storeFileListSchema, {}],
  stores: [vectorStoreListSchema, {}],
};

const TAKEN: Taken[] = [
  ["metadata", pairs(16), pairs(16)],
  ["metadata", { ["k".repeat(64)]: "v".repeat(512) }, { ["k".repeat(64)]: "v".repeat(512) }],
  ["attributes", { a: "x", b: 1.5, c: true, d: false, e: "" }, { a: "x", b: 1.5, c: true, d: false, e: "" }],
  ["attributes", { a: "x".repeat(508), b: "y".repeat(501) }, { b: "y".repeat(501) }],
  ["batch", {}, { endpoint: "/v1/classify", completion_window: "24h" }],
  [
    "batch",
    { output_expires_after: { anchor: "created_at", seconds: 3_600 } },
    { output_expires_after: { seconds: 3_600 } },
  ],
  [
    "batch",
    { output_expires_after: { anchor: "created_at", seconds: 2_592_000 } },
    { output_expires_after: { seconds: 2_592_000 } },
  ],
  ["batches", {}, { limit: 20 }],
  ["file", {}, { purpose: "vision", file: "a.png", expires_after: null }],
  ["file", { purpose: "batch" }, { expires_after: 2_592_000 }],
  [
    "file",
    { purpose: "batch", expires_after: { anchor: "created_at", seconds: "3600" } },
    { expires_after: 3_600 },
  ],
  ["file", { expires_after: { anchor: "created_at", seconds: 2_592_000 } }, { expires_after: 2_592_000 }],
  ["file", { file: ` ${"x".repeat(255)} ` }, { file: "x".repeat(255) }],
  ["files", {}, { limit: 10_000, order: "desc" }],
  ["files", { limit: "1", order: "asc", purpose: "x".repeat(64) }, { limit: 1, order: "asc" }],
  ["files", { limit: "10000" }, { limit: 10_000 }],
  ["store", {}, {}],
  ["store", { expires_after: { anchor: "last_active_at", days: 1 } }, { expires_after: { days: 1 } }],
  ["store", { expires_after: { anchor: "last_active_at", days: 365 } }, { expires_after: { days: 365 } }],
  ["store", { file_ids: many(2_000) }, { file_ids: many(2_000) }],
  ["store", { file_ids: [], chunking_strategy: { type: "auto" } }, { file_ids: [] }],
  ["store", { file_ids: [` ${"x".repeat(64)}`] }, { file_ids: ["x".repeat(64)] }],
  ["stores", {}, { limit: 20, order: "desc" }],
  ["stores", { limit: "100", order: "asc", after: "x".repeat(256) }, { limit: 100, order: "asc" }],
  ["store files", {}, { file_id: "file-a", on_error: "fail" }],
  [
    "store files",
    { file_id: undefined, images: ["AAAA"], on_error: "report" },
    { images: ["AAAA"], on_error: "report" },
  ],
  ["store files", { file_id: undefined, embedding: [1, 2] }, { embedding: Float32Array.of(1, 2) }],
  ...["in_progress", "completed", "cancelled"].map((filter): Taken => [
    "store file list",
    { filter },
    { filter },
  ]),
  ["store file list", { filter: "failed", limit: "5" }, { filter: "failed", limit: 5, order: "desc" }],
  ["file batch", {}, [{ id: "file-a", attributes: {} }]],
  ["file batch", { attributes: { a: 1 } }, [{ id: "file-a", attributes: { a: 1 } }]],
  [
    "file batch",
    {
      file_ids: undefined,
      files: [{ file_id: "a", attributes: { b: 2 } }, { file_id: "c" }],
      attributes: { a: 1 },
    },
    [
      { id: "a", attributes: { b: 2 } },
      { id: "c", attributes: {} },
    ],
  ],
  ["file batch", { file_ids: many(2_000) }, many(2_000).map((id) => ({ id, attributes: {} }))],
  ["filter", { type: "ne", value: "x".repeat(512) }, { type: "ne" }],
  ...["gt", "gte", "lt", "lte"].map((type): Taken => ["filter", { type, value: "b" }, { type, value: "b" }]),
  ["filter", { type: "in", value: many(100) }, { value: many(100) }],
  ["filter", { type: "nin", value: ["a", 1, true] }, { value: ["a", 1, true] }],
  [
    "filter",
    { type: "or", filters: [eq(1)], key: undefined, value: undefined },
    { type: "or", filters: [eq(1)] },
  ],
  ["search", {}, { items: [{ text: "fox" }], isMix: false, max_num_results: 10 }],
  ["search", { query: many(32), max_num_results: 50 }, { items: many(32).map((text) => ({ text })) }],
  [
    "search",
    { query: undefined, images: ["AAAA", "BBBB"] },
    { items: [{ image: "AAAA" }, { image: "BBBB" }], isMix: false },
  ],
  [
    "search",
    { query: undefined, content: [part("a"), { image: "BBBB", weight: -2 }] },
    {
      items: [
        {
          mix: [
            { text: "a", weight: 1 },
            { image: "BBBB", weight: -2 },
          ],
        },
      ],
      isMix: true,
    },
  ],
  [
    "search",
    { max_num_results: 1, ranking_options: { score_threshold: -1 } },
    { ranking_options: { score_threshold: -1 } },
  ],
  [
    "search",
    { ranking_options: { score_threshold: 1, ranker: "auto" }, rewrite_query: true },
    { ranking_options: { score_threshold: 1 } },
  ],
];

const REFUSED: Refused[] = [
  ["metadata", pairs(17), "too_many_items", null],
  ["metadata", { ["k".repeat(65)]: "v" }, "too_long", null],
  ["metadata", { a: "v", ["k".repeat(65)]: "v" }, "too_long", null],
  ["metadata", { "\ud800": "v" }, "invalid_value", null],
  ["metadata", { a: "v", "\ud800": "v" }, "invalid_value", null],
  ["metadata", { "\0lifted:0": "v" }, "too_long", null],
  ["metadata", { ["__proto__"]: "v" }, "invalid_value", null],
  ["attributes", { "\0lifted:0": "v" }, "too_long", null],
  ["attributes", { a: "v", ["__proto__"]: "v" }, "invalid_value", null],
  ["store", { metadata: "a" }, "invalid_type", "metadata"],
  ["store", { metadata: ["a"] }, "invalid_type", "metadata"],
  ["store", { metadata: { ["__proto__"]: "v" } }, "invalid_value", "metadata"],
  ["batch", { metadata: { "\0lifted:0": "v" } }, "too_long", "metadata"],
  ["store files", { attributes: { "\0lifted:0": "v" } }, "too_long", "attributes"],
  ["store file", { attributes: undefined }, "missing_field", "attributes"],
  ["store file", { attributes: 7 }, "invalid_type", "attributes"],
  ["metadata", { a: "v", b: "v".repeat(513) }, "too_long", "b"],
  ["metadata", { b: "\0lifted:0" }, "too_long", "b"],
  ["metadata", { b: "\ud800" }, "invalid_value", "b"],
  ["metadata", { b: 1, c: 2 }, "invalid_type", "b"],
  ["attributes", pairs(17), "too_many_items", null],
  ["attributes", { a: [1] }, "invalid_type", "a"],
  ["attributes", { a: Infinity }, "invalid_type", "a"],
  ["attributes", { a: "v".repeat(513) }, "too_long", "a"],
  ["attributes", { a: "x".repeat(508), b: "y".repeat(502) }, "too_long", null],
  ["attributes", { a: "ü".repeat(509) }, "too_long", null],
  ["batch", { endpoint: "/v1/chat/completions" }, "invalid_value", "endpoint"],
  ["batch", { completion_window: "1h" }, "invalid_value", "completion_window"],
  ["batch", { input_file_id: undefined }, "missing_field", "input_file_id"],
  [
    "batch",
    { output_expires_after: { anchor: "created_at", seconds: 3_599 } },
    "invalid_value",
    "output_expires_after.seconds",
  ],
  [
    "batch",
    { output_expires_after: { anchor: "created_at", seconds: 2_592_001 } },
    "invalid_value",
    "output_expires_after.seconds",
  ],
  [
    "batch",
    { output_expires_after: { anchor: "now", seconds: 3_600 } },
    "invalid_type",
    "output_expires_after.anchor",
  ],
  ["batches", { after: "x".repeat(65) }, "too_long", "after"],
  ["file", { purpose: undefined }, "missing_field", "purpose"],
  ["file", { purpose: "batch_output" }, "invalid_type", "purpose"],
  ["file", { purpose: "fine-tune" }, "invalid_type", "purpose"],
  ["file", { file: " " }, "invalid_value", "file"],
  ["file", { file: "x".repeat(256) }, "too_long", "file"],
  ["file", { file: "a\u0000b" }, "invalid_value", "file"],
  ["file", { file: "a\u202eb" }, "invalid_value", "file"],
  ["file", { file: "a\u2069b" }, "invalid_value", "file"],
  [
    "file",
    { expires_after: { anchor: "created_at", seconds: 3_599 } },
    "invalid_value",
    "expires_after.seconds",
  ],
  [
    "file",
    { expires_after: { anchor: "created_at", seconds: 2_592_001 } },
    "invalid_value",
    "expires_after.seconds",
  ],
  [
    "file",
    { expires_after: { anchor: "created_at", seconds: "soon" } },
    "invalid_type",
    "expires_after.seconds",
  ],
  ["files", { after: "file-a" }, "invalid_value", "after"],
  ["files", { limit: "0" }, "invalid_type", "limit"],
  ["files", { limit: "10001" }, "invalid_type", "limit"],
  ["files", { order: "up" }, "invalid_type", "order"],
  ["files", { purpose: "x".repeat(65) }, "too_long", "purpose"],
  ["store", { expires_after: { anchor: "last_active_at", days: 0 } }, "invalid_value", "expires_after.days"],
  [
    "store",
    { expires_after: { anchor: "last_active_at", days: 366 } },
    "invalid_value",
    "expires_after.days",
  ],
  ["store", { expires_after: { anchor: "created_at", days: 1 } }, "invalid_type", "expires_after.anchor"],
  ["store", { file_ids: many(2_001) }, "too_many_items", "file_ids"],
  ["store", { file_ids: ["a", "a b"] }, "invalid_value", "file_ids[1]"],
  ["store", { file_ids: ["x".repeat(65)] }, "invalid_value", "file_ids[0]"],
  ["store", { file_ids: [""] }, "invalid_value", "file_ids[0]"],
  ["store", { name: "x".repeat(257) }, "too_long", "name"],
  ["store", { description: "x".repeat(513) }, "too_long", "description"],
  ["stores", { after: "x".repeat(257) }, "too_long", "after"],
  ["stores", { before: "x".repeat(257) }, "too_long", "before"],
  ["stores", { order: "up" }, "invalid_type", "order"],
  ["store files", { file_id: undefined }, "missing_field", "file_id"],
  ["store files", { images: ["AAAA"] }, "invalid_type", "images"],
  ["store files", { embedding: [1] }, "invalid_type", "embedding"],
  ["store files", { file_id: undefined, images: ["AAAA"], embedding: [1] }, "invalid_type", "embedding"],
  ["store files", { file_id: undefined, embedding: [1e39] }, "invalid_value", "embedding"],
  ["store file list", { filter: "done" }, "invalid_type", "filter"],
  ["file batch", { file_ids: undefined }, "missing_field", "file_ids"],
  ["file batch", { files: [{ file_id: "a" }] }, "invalid_type", "file_ids"],
  ["file batch", { file_ids: [] }, "empty_input", "file_ids"],
  ["file batch", { file_ids: undefined, files: [] }, "empty_input", "files"],
  ["file batch", { file_ids: many(2_001) }, "too_many_items", "file_ids"],
  [
    "file batch",
    { file_ids: undefined, files: many(2_001).map((id) => ({ file_id: id })) },
    "too_many_items",
    "files",
  ],
  ["filter", { type: "like" }, "invalid_type", "type"],
  ["filter", { key: undefined }, "missing_field", "key"],
  ["filter", { key: "k".repeat(65) }, "too_long", "key"],
  ["filter", { key: "\0lifted:0" }, "too_long", "key"],
  ["filter", { value: "v".repeat(513) }, "too_long", "value"],
  ["filter", { value: "\ud800" }, "invalid_value", "value"],
  ["filter", { value: [1] }, "invalid_type", "value"],
  ["filter", { type: "gt", value: true }, "invalid_type", "value"],
  ["filter", { type: "in", value: "a" }, "invalid_type", "value"],
  ["filter", { type: "in", value: [] }, "empty_input", "value"],
  ["filter", { type: "in", value: many(101) }, "too_many_items", "value"],
  ["filter", { type: "and", filters: [] }, "empty_input", "filters"],
  ["filter", { type: "and", filters: eq(1) }, "invalid_type", "filters"],
  [
    "filter",
    { type: "or", filters: [eq(1), { type: "gt", key: "a", value: null }] },
    "missing_field",
    "filters[1].value",
  ],
  ["search", { query: undefined }, "missing_field", "query"],
  ["search", { images: ["AAAA"] }, "invalid_type", "images"],
  ["search", { content: [part("a")] }, "invalid_type", "content"],
  ["search", { query: [] }, "empty_input", "query"],
  ["search", { query: many(33) }, "too_many_items", "query"],
  ["search", { query: undefined, images: [] }, "empty_input", "images"],
  ["search", { query: undefined, images: Array(17).fill("AAAA") }, "too_many_items", "images"],
  ["search", { query: undefined, content: [] }, "empty_input", "content"],
  ["search", { query: undefined, content: pictures(17) }, "too_many_items", null],
  ["search", { max_num_results: 0 }, "invalid_type", "max_num_results"],
  ["search", { max_num_results: 51 }, "invalid_type", "max_num_results"],
  ["search", { max_num_results: 1.5 }, "invalid_type", "max_num_results"],
  [
    "search",
    { ranking_options: { score_threshold: -1.01 } },
    "invalid_type",
    "ranking_options.score_threshold",
  ],
  [
    "search",
    { ranking_options: { score_threshold: 1.01 } },
    "invalid_type",
    "ranking_options.score_threshold",
  ],
];

describeRequests(SCHEMAS, TAKEN, REFUSED);

test("a file for batches may be longer than a picture", () => {
  expect(maxBytesOf("batch")).toBe(95_000_000);
  expect(maxBytesOf("vision")).toBe(20_000_000);
});

const nested = (depth: number): object =>
  depth === 1 ? eq(1) : { type: "and", filters: [nested(depth - 1)] };
const wide = (count: number): object => ({
  type: "or",
  filters: Array.from({ length: count }, (_, i) => eq(i)),
});

describe("filters", () => {
  it.each<[string, unknown]>([
    ["none", undefined],
    ["null", null],
    ["8 deep", nested(8)],
    ["32 comparisons", wide(32)],
    ["32 comparisons in two", { type: "and", filters: [wide(16), wide(16)] }],
    ["what is no filter", "text"],
    ["a list that is none", { filters: "text" }],
  ])("may be %s", (_, filters) => {
    expect(() => refuseDeepFilters(filters)).not.toThrow();
  });

  it.each<[string, unknown, string]>([
    ["9 deep", nested(9), "deep"],
    ["100,000 deep", nestedFar(), "deep"],
    ["33 comparisons", wide(33), "comparisons"],
    ["33 comparisons in two", { type: "and", filters: [wide(16), wide(17)] }, "comparisons"],
    ["a million comparisons", wide(1_000_000), "comparisons"],
  ])("must not be %s", (_, filters, message) => {
    expect(() => refuseDeepFilters(filters)).toThrow(
      expect.objectContaining({
        code: "too_many_items",
        param: "filters",
        message: expect.stringContaining(message),
      }),
    );
  });
});

function nestedFar(): object {
  let filter = eq(1);
  for (let i = 0; i < 100_000; i++) filter = { type: "and", filters: [filter] };
  return filter;
}
