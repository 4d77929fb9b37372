/** Requests, and the contract's answer to each; `contract.test.ts` sends them all. */

export interface Case {
  endpoint: string;
  what: string;
  /** A JSON body, or a text that is sent unchanged; none for GET. */
  body?: unknown;
  headers?: Record<string, string>;
  status: number;
  code?: string;
  param?: string | null;
}

export interface Material {
  /** A picture in base64. */
  image: string;
  /** Id of an existing label set. */
  set: string;
  /** Values of an embedding. */
  width: number;
}

const many = (count: number, what = "t"): string[] => Array.from({ length: count }, (_, i) => `${what}${i}`);
const row = (
  endpoint: string,
  what: string,
  body: unknown,
  status: number,
  code?: string,
  param?: string | null,
): Case => ({
  endpoint,
  what,
  body,
  status,
  ...(code === undefined ? {} : { code }),
  ...(param === undefined ? {} : { param }),
});

const CLASSIFY = "POST /v1/classify";
const SIMILARITY = "POST /v1/similarity";
const SETS = "POST /v1/label_sets";
const EMBEDDINGS = "POST /v1/embeddings";
const RERANK = "POST /v1/rerank";

export function contractCases({ image, set, width }: Material): Case[] {
  const labels = ["fox", "dress"];
  const vector = Array.from({ length: width }, (_, i) => i + 1);
  const png = `data:image/png;base64,${image}`;
  const part = { type: "image_url", image_url: { url: png } };
  return [
    row(CLASSIFY, "labels", { images: [image], labels }, 200),
    row(CLASSIFY, "image as alias, alone", { image, labels }, 200),
    row(CLASSIFY, "input as alias", { input: [image], labels }, 200),
    row(CLASSIFY, "a data URI", { image: png, labels }, 200),
    row(CLASSIFY, "an image object", { image: { image }, labels }, 200),
    row(CLASSIFY, "a content part", { image: part, labels }, 200),
    row(CLASSIFY, "model by id", { model: "edgeclip/demo", image, labels }, 200),
    row(CLASSIFY, "model by alias", { model: "edgeclip-demo", image, labels }, 200),
    row(CLASSIFY, "model null", { model: null, image, labels }, 200),
    row(CLASSIFY, "an unknown model", { model: "x", image, labels }, 404, "model_not_found", "model"),
    row(CLASSIFY, "a template", { image, labels, templates: "a {}" }, 200),
    row(CLASSIFY, "7 templates by name", { image, labels, templates: "openai-7" }, 200),
    row(CLASSIFY, "80 templates by name", { image, labels, templates: "openai-80" }, 200),
    row(CLASSIFY, "no template", { image, labels, templates: "none" }, 200),
    row(CLASSIFY, "100 templates", { image, labels: ["a"], templates: many(100, "{} ") }, 200),
    row(
      CLASSIFY,
      "101 templates",
      { image, labels, templates: many(101, "{} ") },
      400,
      "too_many_items",
      "templates",
    ),
    row(
      CLASSIFY,
      "a template without {}",
      { image, labels, templates: "a" },
      400,
      "invalid_template",
      "templates[0]",
    ),
    row(CLASSIFY, "prompts of a label", { image, labels: [{ label: "a", prompts: ["b", "c"] }] }, 200),
    row(
      CLASSIFY,
      "negatives without multi_label",
      { image, labels, negative: ["x"] },
      400,
      "invalid_value",
      "negative",
    ),
    row(
      CLASSIFY,
      "a misspelt field",
      { image, labels, min_similarty: 0.2 },
      400,
      "unknown_field",
      "min_similarty",
    ),
    row(
      CLASSIFY,
      "a misspelt field of a label",
      { image, labels: ["a", { label: "b", prompt: ["c"] }] },
      400,
      "unknown_field",
      "labels[1].prompt",
    ),
    row(
      CLASSIFY,
      "null for what is optional",
      { image, labels: [{ label: "a", prompts: null, min_similarity: null }], top_k: null, label_set: null },
      200,
    ),
    row(CLASSIFY, "white space around a picture", { image: ` ${png}\n`, labels }, 200),
    row(CLASSIFY, "a picture as a label", { image, labels: [png] }, 400, "invalid_value", "labels[0]"),
    row(CLASSIFY, "multi_label with negatives", { image, labels, multi_label: true, negative: ["x"] }, 200),
    row(CLASSIFY, "top_k", { image, labels, top_k: 1 }, 200),
    row(CLASSIFY, "top_k of 0", { image, labels, top_k: 0 }, 400, "invalid_type", "top_k"),
    row(
      CLASSIFY,
      "min_similarity beyond 1",
      { image, labels, min_similarity: 1.1 },
      400,
      "invalid_type",
      "min_similarity",
    ),
    row(CLASSIFY, "a stored set", { image, label_set: set }, 200),
    row(CLASSIFY, "several sets", { image, label_set: [set, set] }, 200),
    row(CLASSIFY, "an unknown set", { image, label_set: "ls_x" }, 404, "label_set_not_found", "label_set"),
    row(CLASSIFY, "labels and a set", { image, labels, label_set: set }, 400, "invalid_type", "label_set"),
    row(
      CLASSIFY,
      "templates with a set",
      { image, label_set: set, templates: "{}" },
      400,
      "invalid_type",
      "templates",
    ),
    row(CLASSIFY, "neither labels nor a set", { image }, 400, "missing_field", "labels"),
    row(CLASSIFY, "no labels", { image, labels: [] }, 400, "empty_input", "labels"),
    row(CLASSIFY, "an empty label", { image, labels: ["a", " "] }, 400, "empty_input", "labels[1]"),
    row(
      CLASSIFY,
      "a control character for a label",
      { image, labels: ["\u0007"] },
      400,
      "empty_input",
      "labels[0]",
    ),
    row(CLASSIFY, "a label of emoji", { image, labels: ["🦊", "👗"] }, 200),
    row(CLASSIFY, "labels from right to left", { image, labels: ["ثعلب", "שועל"] }, 200),
    row(CLASSIFY, "a label of 8,192 characters", { image, labels: ["x".repeat(8192)] }, 200),
    row(CLASSIFY, "a label of 8,193", { image, labels: ["x".repeat(8193)] }, 400, "too_long", "labels[0]"),
    row(
      CLASSIFY,
      "a label of a megabyte",
      { image, labels: ["x".repeat(1e6)] },
      400,
      "too_long",
      "labels[0]",
    ),
    row(CLASSIFY, "a label twice", { image, labels: ["a", "b", "a"] }, 400, "duplicate_label", "labels[2]"),
    row(
      CLASSIFY,
      "labels equal once cleaned",
      { image, labels: ["A  b", "a b"] },
      400,
      "duplicate_label",
      "labels[1]",
    ),
    row(CLASSIFY, "labels like prototype keys", { image, labels: ["__proto__", "constructor"] }, 200),
    row(CLASSIFY, "1,000 labels", { image, labels: many(1000) }, 200),
    row(CLASSIFY, "1,001 labels", { image, labels: many(1001) }, 400, "too_many_items", "labels"),
    row(CLASSIFY, "100,000 labels", { image, labels: many(100_000) }, 400, "too_many_items", "labels"),
    row(
      CLASSIFY,
      "1,001 new prompts",
      { image, labels: many(143, "new "), templates: "openai-7" },
      400,
      "too_many_items",
      "labels",
    ),
    row(CLASSIFY, "16 images", { images: Array(16).fill(image), labels }, 200),
    row(CLASSIFY, "17 images", { images: Array(17).fill(image), labels }, 400, "too_many_items", "images"),
    row(CLASSIFY, "no image", { labels }, 400, "missing_field", "images"),
    row(CLASSIFY, "an empty image", { image: "", labels }, 400, "empty_input", "images[0]"),
    row(CLASSIFY, "no base64", { image: "!", labels }, 400, "invalid_image", "images[0]"),
    row(CLASSIFY, "no picture", { image: "AAAA", labels }, 400, "unsupported_image_format", "images[0]"),
    row(
      CLASSIFY,
      "half a picture",
      { image: image.slice(0, 400), labels },
      400,
      "invalid_image",
      "images[0]",
    ),
    row(
      CLASSIFY,
      "a private URL",
      { image: "http://10.0.0.1/", labels },
      400,
      "image_url_forbidden",
      "images[0]",
    ),
    row(
      CLASSIFY,
      "a URL that nobody answers",
      { image: "http://edgeclip.example.com/", labels },
      400,
      "image_fetch_failed",
      "images[0]",
    ),
    row(CLASSIFY, "not JSON", "{", 400, "invalid_json", null),
    row(CLASSIFY, "NaN", '{"image":"AAAA","labels":["a"],"top_k":NaN}', 400, "invalid_json", null),
    row(CLASSIFY, "a list", "[]", 400, "invalid_type", null),
    {
      ...row(CLASSIFY, "plain text", "a", 415, "unsupported_media_type"),
      headers: { "content-type": "text/plain" },
    },
    {
      ...row(CLASSIFY, "a compressed body", { image, labels }, 415, "unsupported_media_type"),
      headers: { "content-encoding": "gzip" },
    },
    row(CLASSIFY, "a body of 17 MB", `{"a":"${"x".repeat(17e6)}"}`, 413, "request_too_large", null),
    row(SIMILARITY, "images and texts", { images: [image], texts: ["a", "b"] }, 200),
    row(SIMILARITY, "image and text as aliases", { image, text: "a" }, 200),
    row(SIMILARITY, "kept vectors", { images: [{ embedding: vector }], texts: [{ embedding: vector }] }, 200),
    row(
      SIMILARITY,
      "a vector of another width",
      { images: [{ embedding: [1] }], texts: ["a"] },
      400,
      "unsupported_dimensions",
      "images[0].embedding",
    ),
    row(SIMILARITY, "an unknown field", { image, text: "a", top_k: 1 }, 400, "unknown_field", "top_k"),
    row(SIMILARITY, "no texts", { image }, 400, "missing_field", "texts"),
    row(SIMILARITY, "1,001 texts", { image, texts: many(1001) }, 400, "too_many_items", "texts"),
    row(SETS, "a new set", { labels: ["contract", "case"] }, 201),
    row(SETS, "the same set", { labels: ["contract", "case"], name: "n" }, 200),
    row(SETS, "a set that takes long", { labels: many(200, "long "), templates: "openai-7" }, 202),
    row(SETS, "10,001 labels", { labels: many(10_001) }, 400, "too_many_items", "labels"),
    row(SETS, "a misspelt field", { label: "a", template: "a {}" }, 400, "unknown_field", "template"),
    row(SETS, "a label twice", { labels: ["a", "a"] }, 400, "duplicate_label", "labels[1]"),
    row("GET /v1/label_sets", "the list", undefined, 200),
    row("GET /v1/label_sets?limit=0", "a page of nothing", undefined, 400, "invalid_type", "limit"),
    row(`GET /v1/label_sets/${set}`, "one", undefined, 200),
    row("GET /v1/label_sets/ls_x", "an unknown one", undefined, 404, "label_set_not_found"),
    row("DELETE /v1/label_sets/ls_x", "an unknown one", undefined, 404, "label_set_not_found"),
    row(EMBEDDINGS, "a string", { input: "a" }, 200),
    row(EMBEDDINGS, "strings and images", { input: ["a", { image }, part] }, 200),
    row(EMBEDDINGS, "base64", { input: "a", encoding_format: "base64", user: "u" }, 200),
    row(EMBEDDINGS, "the model's dimensions", { input: "a", dimensions: width }, 200),
    row(
      EMBEDDINGS,
      "other dimensions",
      { input: "a", dimensions: 1 },
      400,
      "unsupported_dimensions",
      "dimensions",
    ),
    row(EMBEDDINGS, "null for what is optional", { input: "a", encoding_format: null, user: null }, 200),
    row(EMBEDDINGS, "an unknown field", { input: "a", input_type: "query" }, 200),
    row(EMBEDDINGS, "2,048 inputs", { input: Array(2048).fill("a") }, 200),
    row(EMBEDDINGS, "2,049 inputs", { input: many(2049) }, 400, "too_many_items", "input"),
    row(EMBEDDINGS, "a text of 8,192 characters", { input: "x ".repeat(4096) }, 200),
    row(EMBEDDINGS, "a text of 8,193", { input: `${"x ".repeat(4096)}x` }, 400, "too_long", "input"),
    row(EMBEDDINGS, "a picture as a text", { input: ["a", png] }, 400, "invalid_value", "input[1]"),
    row(
      EMBEDDINGS,
      "a long picture as a text",
      { input: `data:image/png;base64,${"A".repeat(1e6)}` },
      400,
      "invalid_value",
      "input",
    ),
    row(EMBEDDINGS, "token ids", { input: [1, 2] }, 400, "invalid_type", "input"),
    row(EMBEDDINGS, "messages", { messages: [{ role: "user", content: [part] }] }, 200),
    row(EMBEDDINGS, "no input", {}, 400, "missing_field", "input"),
    row(RERANK, "images by a text", { query: "a", documents: [{ image }, { embedding: vector }] }, 200),
    row(
      RERANK,
      "texts by an image",
      { query: { image }, documents: ["a", { text: "b" }], top_n: 1, return_documents: true },
      200,
    ),
    row(RERANK, "an unknown field", { query: "a", documents: ["b"], max_chunks_per_doc: 1 }, 200),
    row(RERANK, "a picture as a text", { query: png, documents: ["a"] }, 400, "invalid_value", "query"),
    row(RERANK, "no documents", { query: "a", documents: [] }, 400, "empty_input", "documents"),
    row("GET /v1/models", "the list", undefined, 200),
    row("GET /v1/models/edgeclip/demo", "by id", undefined, 200),
    row("GET /v1/models/edgeclip%2Fdemo", "by id, escaped", undefined, 200),
    row("GET /v1/models/edgeclip-demo", "by alias", undefined, 200),
    row("GET /v1/models/x", "an unknown one", undefined, 404, "model_not_found"),
    row("GET /healthz", "", undefined, 200),
    row("GET /readyz", "", undefined, 200),
    row("GET /openapi.json", "", undefined, 200),
    row("GET /nowhere", "", undefined, 404, "not_found"),
    row("GET /v1/classify", "", undefined, 405, "method_not_allowed"),
    row("PUT /v1/label_sets", "", undefined, 405, "method_not_allowed"),
  ];
}
