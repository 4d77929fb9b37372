/** The contract of `/v1/vector_stores`, as rows of `contract-cases.ts`. */
import { type Case, row } from "./contract-row.ts";

const STORES = "/v1/vector_stores";

export interface StoreMaterial {
  /** A picture in base64. */
  image: string;
  /** Id of a file that is a picture, and of one that is the input of a batch. */
  file: string;
  lines: string;
  /** Id of a store; it is deleted in the end. */
  store: string;
  /** Values of an embedding. */
  width: number;
}

const filled = (count: number): object =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index]));

/** Base64 of little-endian float32. */
const bytes = (values: number[]): string => Buffer.from(Float32Array.from(values).buffer).toString("base64");

export function storeCases({ image, file, lines, store, width }: StoreMaterial): Case[] {
  const ADD = `POST ${STORES}/${store}/files`;
  const SEARCH = `POST ${STORES}/${store}/search`;
  const BATCH = `POST ${STORES}/${store}/file_batches`;
  const ONE = `${STORES}/${store}/files/${file}`;
  const unknown = `${STORES}/vs_${"0".repeat(24)}`;
  const vector = Array.from({ length: width }, (_, index) => index + 1);
  const add = (what: string, body: object, ...answer: [number, string?, string?]): Case =>
    row(ADD, what, body, ...answer);
  const attributes = (what: string, given: unknown, ...answer: [number, string?, string?]): Case =>
    add(what, { file_id: file, attributes: given }, ...answer);
  const search = (what: string, body: object, ...answer: [number, string?, string?]): Case =>
    row(SEARCH, what, body, ...answer);
  const filter = (what: string, filters: unknown, ...answer: [number, string?, string?]): Case =>
    search(what, { query: "a", filters }, ...answer);
  const eq = { type: "eq", key: "a", value: 1 };
  return [
    row(`POST ${STORES}`, "nothing", {}, 200),
    row(
      `POST ${STORES}`,
      "all of OpenAI's fields",
      {
        name: "a",
        description: "b",
        metadata: { c: "d" },
        expires_after: { anchor: "last_active_at", days: 1 },
        chunking_strategy: { type: "auto" },
        file_ids: [file],
        other: 1,
      },
      200,
    ),
    row(`POST ${STORES}`, "a model by alias", { model: "edgeclip-demo" }, 200),
    row(`POST ${STORES}`, "an unknown model", { model: "x" }, 404, "model_not_found", "model"),
    row(`POST ${STORES}`, "a name that is none", { name: 1 }, 400, "invalid_type", "name"),
    row(`POST ${STORES}`, "a name of 257 characters", { name: "a".repeat(257) }, 400, "too_long", "name"),
    row(
      `POST ${STORES}`,
      "17 pairs of metadata",
      { metadata: filled(17) },
      400,
      "too_many_items",
      "metadata",
    ),
    row(
      `POST ${STORES}`,
      "metadata that is no text",
      { metadata: { a: 1 } },
      400,
      "invalid_type",
      "metadata.a",
    ),
    row(
      `POST ${STORES}`,
      "a key of 70,000 characters in metadata",
      { metadata: { ["k".repeat(70_000)]: "v" } },
      400,
      "too_long",
    ),
    row(
      `POST ${STORES}`,
      "the key __proto__ in metadata",
      { metadata: { ["__proto__"]: "v" } },
      400,
      "invalid_value",
      "metadata",
    ),
    row(
      `POST ${STORES}`,
      "metadata of 70,000 characters",
      { metadata: { a: "b".repeat(70_000) } },
      400,
      "too_long",
      "metadata.a",
    ),
    row(
      `POST ${STORES}`,
      "expiry after no days",
      { expires_after: { anchor: "last_active_at", days: 0 } },
      400,
      "invalid_value",
      "expires_after.days",
    ),
    row(
      `POST ${STORES}`,
      "expiry from another time",
      { expires_after: { anchor: "created_at", days: 1 } },
      400,
      "invalid_type",
      "expires_after.anchor",
    ),
    row(
      `POST ${STORES}`,
      "2,001 files",
      { file_ids: Array<string>(2001).fill(file) },
      400,
      "too_many_items",
      "file_ids",
    ),
    row(`POST ${STORES}`, "no JSON", "{", 400, "invalid_json"),
    row(`GET ${STORES}`, "the list", undefined, 200),
    row(`GET ${STORES}?limit=1&order=asc`, "a page", undefined, 200),
    row(`GET ${STORES}?limit=0`, "a page of nothing", undefined, 400, "invalid_type", "limit"),
    row(`GET ${STORES}?limit=101`, "a page of 101", undefined, 400, "invalid_type", "limit"),
    row(`GET ${STORES}?order=up`, "another order", undefined, 400, "invalid_type", "order"),
    row(`GET ${STORES}?after=vs_x`, "after what is no id", undefined, 400, "invalid_value", "after"),
    row(
      `GET ${STORES}?before=vs_${"0".repeat(24)}`,
      "before what is not there",
      undefined,
      400,
      "invalid_value",
      "before",
    ),
    row(`PUT ${STORES}`, "", undefined, 405, "method_not_allowed"),
    row(`GET ${STORES}/${store}`, "one", undefined, 200),
    row(`POST ${STORES}/${store}`, "another name", { name: "b", metadata: null }, 200),
    row(
      `POST ${STORES}/${store}`,
      "17 pairs of metadata",
      { metadata: filled(17) },
      400,
      "too_many_items",
      "metadata",
    ),
    row(`GET ${unknown}`, "an unknown one", undefined, 404, "vector_store_not_found"),
    row(`GET ${STORES}/x`, "what is no id", undefined, 404, "vector_store_not_found"),
    row(`POST ${unknown}`, "an unknown one", { name: "a" }, 404, "vector_store_not_found"),
    row(`DELETE ${unknown}`, "an unknown one", undefined, 404, "vector_store_not_found"),
    row(`POST ${unknown}/files`, "an unknown store", { file_id: file }, 404, "vector_store_not_found"),
    row(`GET ${unknown}/files`, "an unknown store", undefined, 404, "vector_store_not_found"),
    row(`POST ${unknown}/search`, "an unknown store", { query: "a" }, 404, "vector_store_not_found"),
    row(
      `POST ${unknown}/file_batches`,
      "an unknown store",
      { file_ids: [file] },
      404,
      "vector_store_not_found",
    ),

    add("a file", { file_id: file, chunking_strategy: { type: "auto" } }, 200),
    add("a picture", { image }, 200),
    add("pictures", { images: [image, { file_id: file }] }, 200),
    add("a picture and a bad one, reported", { images: [image, "!"], on_error: "report" }, 200),
    add("a picture and a bad one", { images: [image, "!"] }, 400, "invalid_image", "images[1]"),
    add("a text for a picture", { image: btoa("a text") }, 400, "unsupported_image_format", "images[0]"),
    add("17 pictures", { images: Array<string>(17).fill(image) }, 400, "too_many_items", "images"),
    add("no pictures", { images: [] }, 400, "empty_input", "images"),
    add("nothing", {}, 400, "missing_field", "file_id"),
    add("a file and a picture", { file_id: file, image }, 400, "invalid_type", "images"),
    add("image and images", { image, images: [image] }, 400, "invalid_type", "image"),
    add("an unknown file", { file_id: "file-x" }, 404, "file_not_found", "file_id"),
    add(
      "an unknown file among pictures",
      { images: [{ file_id: "file-x" }] },
      404,
      "file_not_found",
      "images[0]",
    ),
    add("a file that is no text", { file_id: 1 }, 400, "invalid_type", "file_id"),
    add("the input of a batch", { file_id: lines }, 400, "invalid_value", "file_id"),
    add("a name", { image, filename: "a.png" }, 200),
    add("a name of 256 characters", { image, filename: "a".repeat(256) }, 400, "too_long", "filename"),
    add("an unknown model", { image, model: "x" }, 404, "model_not_found", "model"),
    add("a vector", { embedding: vector, filename: "a", attributes: { b: 1 } }, 200),
    add("a vector as base64", { embedding: bytes(vector) }, 200),
    add("a vector of another width", { embedding: [1, 2] }, 400, "unsupported_dimensions", "embedding"),
    add("a vector of zeros", { embedding: vector.map(() => 0) }, 400, "invalid_type", "embedding"),
    add("a vector of texts", { embedding: ["a"] }, 400, "invalid_type", "embedding[0]"),
    add("a vector with null", { embedding: [null] }, 400, "invalid_type", "embedding[0]"),
    add("a vector that is not finite", { embedding: [1e300, 1] }, 400, "invalid_value", "embedding"),
    add("NaN as base64", { embedding: bytes(vector.map(() => NaN)) }, 400, "invalid_value", "embedding"),
    add("no base64", { embedding: "!" }, 400, "invalid_value", "embedding"),
    attributes("16 attributes of all types", { ...filled(13), a: "b", c: true, d: 0.5 }, 200),
    attributes("17 attributes", filled(17), 400, "too_many_items", "attributes"),
    attributes(
      "attributes of 1,025 bytes",
      { a: "é".repeat(500), b: "c".repeat(20) },
      400,
      "too_long",
      "attributes",
    ),
    attributes("an attribute of 513 characters", { a: "b".repeat(513) }, 400, "too_long", "attributes.a"),
    attributes("a key of 65 characters", { ["a".repeat(65)]: 1 }, 400, "too_long", "attributes"),
    attributes("a list as an attribute", { a: [1] }, 400, "invalid_type", "attributes.a"),
    attributes("an object as an attribute", { a: {} }, 400, "invalid_type", "attributes.a"),
    attributes("null as an attribute", { a: null }, 200),
    attributes("a list for attributes", [1], 400, "invalid_type", "attributes"),
    attributes("no attributes", null, 200),
    row(ADD, "no JSON and no form", "a", 400, "invalid_json"),

    row(`GET ${STORES}/${store}/files?limit=2&order=asc&filter=completed`, "a page", undefined, 200),
    row(`GET ${STORES}/${store}/files?filter=x`, "another status", undefined, 400, "invalid_type", "filter"),
    row(
      `GET ${STORES}/${store}/files?after=file-x`,
      "after what is no id",
      undefined,
      400,
      "invalid_value",
      "after",
    ),
    row(`GET ${ONE}`, "one", undefined, 200),
    row(`GET ${ONE}/content`, "what it is", undefined, 200),
    row(`GET ${STORES}/${store}/files/file-x`, "an unknown one", undefined, 404, "file_not_found"),
    row(`GET ${STORES}/${store}/files/file-x/content`, "an unknown one", undefined, 404, "file_not_found"),
    row(
      `GET ${STORES}/${store}/files/${lines}`,
      "a file that is not in it",
      undefined,
      404,
      "file_not_found",
    ),
    row(`POST ${ONE}`, "other attributes", { attributes: { a: 1 } }, 200),
    row(
      `POST ${ONE}`,
      "an attribute with a lone surrogate",
      { attributes: { a: "\ud800" } },
      400,
      "invalid_value",
      "attributes.a",
    ),
    row(`POST ${ONE}`, "a key with one", { attributes: { "\ud800": 1 } }, 400, "invalid_value", "attributes"),
    row(`POST ${ONE}`, "null for attributes", { attributes: null }, 200),
    row(`POST ${ONE}`, "no attributes", {}, 400, "missing_field", "attributes"),
    row(`POST ${ONE}`, "17 attributes", { attributes: filled(17) }, 400, "too_many_items", "attributes"),
    row(
      `POST ${STORES}/${store}/files/${lines}`,
      "a file that is not in it",
      { attributes: {} },
      404,
      "file_not_found",
    ),

    row(BATCH, "files", { file_ids: [file] }, 200),
    row(BATCH, "files with attributes", { files: [{ file_id: file, attributes: { a: 1 } }] }, 200),
    row(BATCH, "both", { file_ids: [file], files: [{ file_id: file }] }, 400, "invalid_type", "file_ids"),
    row(BATCH, "nothing", {}, 400, "missing_field", "file_ids"),
    row(BATCH, "no files", { file_ids: [] }, 400, "empty_input", "file_ids"),
    row(
      BATCH,
      "2,001 files",
      { file_ids: Array<string>(2001).fill(file) },
      400,
      "too_many_items",
      "file_ids",
    ),
    row(BATCH, "an empty id", { file_ids: [""] }, 400, "invalid_value", "file_ids[0]"),
    row(BATCH, "what no path can name", { file_ids: ["../a"] }, 400, "invalid_value", "file_ids[0]"),
    row(
      BATCH,
      "an id of 65 characters",
      { files: [{ file_id: "a".repeat(65) }] },
      400,
      "invalid_value",
      "files[0].file_id",
    ),
    row(BATCH, "a file without an id", { files: [{}] }, 400, "missing_field", "files[0].file_id"),
    row(
      `GET ${STORES}/${store}/file_batches/vsfb_x`,
      "an unknown one",
      undefined,
      404,
      "batch_not_found",
      "batch_id",
    ),
    row(
      `POST ${STORES}/${store}/file_batches/vsfb_${"0".repeat(24)}/cancel`,
      "an unknown one",
      {},
      404,
      "batch_not_found",
      "batch_id",
    ),
    row(
      `GET ${STORES}/${store}/file_batches/vsfb_${"0".repeat(24)}/files`,
      "an unknown one",
      undefined,
      404,
      "batch_not_found",
      "batch_id",
    ),

    search("a text", { query: "a" }, 200),
    search("texts", { query: ["a", "b"] }, 200),
    search("a picture", { image }, 200),
    search("pictures", { images: [image, { file_id: file }] }, 200),
    search(
      "a mix",
      {
        content: [
          { type: "text", text: "a" },
          { image, weight: -0.5 },
        ],
      },
      200,
    ),
    search(
      "a mix that is nothing",
      {
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "a", weight: -1 },
        ],
      },
      400,
      "invalid_value",
      "content",
    ),
    search(
      "all of OpenAI's fields",
      {
        query: "a",
        max_num_results: 50,
        rewrite_query: true,
        ranking_options: { ranker: "auto", score_threshold: 0.1 },
        filters: eq,
      },
      200,
    ),
    search("nothing", {}, 400, "missing_field", "query"),
    search("a text and a picture", { query: "a", image }, 400, "invalid_type", "images"),
    search("an empty text", { query: " " }, 400, "empty_input", "query"),
    search("no texts", { query: [] }, 400, "empty_input", "query"),
    search("33 texts", { query: Array<string>(33).fill("a") }, 400, "too_many_items", "query"),
    search("a number", { query: 1 }, 400, "invalid_type", "query"),
    search("a picture as a text", { query: `data:image/png;base64,${image}` }, 400, "invalid_value", "query"),
    search("what is no picture", { image: "!" }, 400, "invalid_image", "images[0]"),
    search("an unknown file", { image: { file_id: "file-x" } }, 404, "file_not_found", "images[0]"),
    search("no results", { query: "a", max_num_results: 0 }, 400, "invalid_type", "max_num_results"),
    search("51 results", { query: "a", max_num_results: 51 }, 400, "invalid_type", "max_num_results"),
    search(
      "a threshold of 2",
      { query: "a", ranking_options: { score_threshold: 2 } },
      400,
      "invalid_type",
      "ranking_options.score_threshold",
    ),
    search("an unknown model", { query: "a", model: "x" }, 404, "model_not_found", "model"),
    filter("filters that are null", null, 200),
    filter("a compound", { type: "or", filters: [eq, { type: "nin", key: "b", value: ["c"] }] }, 200),
    filter("8 levels", deep(8), 200),
    filter("9 levels", deep(9), 400, "too_many_items", "filters"),
    filter("2,000 levels", deep(2000), 400, "invalid_json"),
    filter(
      "33 comparisons",
      { type: "or", filters: Array.from({ length: 33 }, () => eq) },
      400,
      "too_many_items",
      "filters",
    ),
    filter("a text", "a", 400, "invalid_type", "filters"),
    filter("a list", [eq], 400, "invalid_type", "filters"),
    filter("no type", { key: "a", value: 1 }, 400, "invalid_type", "filters.type"),
    filter("an unknown type", { ...eq, type: "like" }, 400, "invalid_type", "filters.type"),
    filter("a lone surrogate", { ...eq, value: "\ud800" }, 400, "invalid_value", "filters.value"),
    filter("a key with one", { ...eq, key: "\ud800" }, 400, "invalid_value", "filters.key"),
    filter(
      "one in a list",
      { type: "in", key: "a", value: ["\ud800"] },
      400,
      "invalid_value",
      "filters.value[0]",
    ),
    filter("no key", { type: "eq", value: 1 }, 400, "missing_field", "filters.key"),
    filter("a key that is no text", { ...eq, key: 1 }, 400, "invalid_type", "filters.key"),
    filter("no value", { type: "eq", key: "a" }, 400, "missing_field", "filters.value"),
    filter("a list for one value", { ...eq, value: [1] }, 400, "invalid_type", "filters.value"),
    filter("an object for a value", { ...eq, value: {} }, 400, "invalid_type", "filters.value"),
    filter(
      "an order of booleans",
      { type: "gt", key: "a", value: true },
      400,
      "invalid_type",
      "filters.value",
    ),
    filter("one value for a list", { type: "in", key: "a", value: 1 }, 400, "invalid_type", "filters.value"),
    filter("no values", { type: "in", key: "a", value: [] }, 400, "empty_input", "filters.value"),
    filter(
      "101 values",
      { type: "in", key: "a", value: Array(101).fill(1) },
      400,
      "too_many_items",
      "filters.value",
    ),
    filter("a compound of nothing", { type: "and", filters: [] }, 400, "empty_input", "filters.filters"),
    filter("a compound without filters", { type: "and" }, 400, "missing_field", "filters.filters"),
    filter(
      "a bad filter in a compound",
      { type: "and", filters: [eq, { ...eq, type: "x" }] },
      400,
      "invalid_type",
      "filters.filters[1].type",
    ),

    row(`DELETE ${ONE}`, "one", undefined, 200),
    row(`DELETE ${ONE}`, "one that is gone", undefined, 404, "file_not_found"),
    row(`DELETE ${STORES}/${store}`, "one", undefined, 200),
    row(`DELETE ${STORES}/${store}`, "one that is gone", undefined, 404, "vector_store_not_found"),
    row(ADD, "a store that is gone", { file_id: file }, 404, "vector_store_not_found"),
    row(SEARCH, "a store that is gone", { query: "a" }, 404, "vector_store_not_found"),
  ];
}

/** A comparison within compounds. @param levels its own included */
function deep(levels: number): unknown {
  let filter: unknown = { type: "eq", key: "a", value: 1 };
  for (let level = 1; level < levels; level++) filter = { type: "and", filters: [filter] };
  return filter;
}
