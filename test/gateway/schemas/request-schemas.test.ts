/** Every request's schema, field by field: accepted values with their result, and refused values with code and path. */
import { describe, expect, it } from "vitest";
import { ServiceError } from "../../../functions/runtime/errors.ts";
import { FileReference } from "../../../functions/gateway/images/file-reference.ts";
import { classifyRequestSchema } from "../../../functions/gateway/schemas/classify-request.ts";
import { cohereEmbedRequestSchema } from "../../../functions/gateway/schemas/cohere-embed-request.ts";
import {
  embeddingsRequestSchema,
  refuseTokenIds,
} from "../../../functions/gateway/schemas/embeddings-request.ts";
import {
  labelSetListSchema,
  labelSetRequestSchema,
} from "../../../functions/gateway/schemas/label-set-request.ts";
import { rerankRequestSchema } from "../../../functions/gateway/schemas/rerank-request.ts";
import { similarityRequestSchema } from "../../../functions/gateway/schemas/similarity-request.ts";
import { computeLabelSetsRequestSchema } from "../../../functions/gateway/schemas/compute-label-sets-request.ts";
import { validate } from "../../../functions/gateway/schemas/fields/validate.ts";
import { provideScheduler } from "../../support/scheduler.ts";

provideScheduler();

const LONG = "\0lifted:0";
const PICTURE = "data:image/png;base64,AAAA";
const SCHEMAS = {
  classify: [classifyRequestSchema, { images: ["AAAA"], labels: ["fox"] }],
  similarity: [similarityRequestSchema, { images: ["AAAA"], texts: ["fox"] }],
  embeddings: [embeddingsRequestSchema, { input: "fox" }],
  cohere: [cohereEmbedRequestSchema, {}],
  rerank: [rerankRequestSchema, { query: "fox", documents: ["bus"] }],
  "label set": [labelSetRequestSchema, { labels: ["fox"] }],
  list: [labelSetListSchema, {}],
  "compute-label-sets": [computeLabelSetsRequestSchema, {}],
} as const;
type Name = keyof typeof SCHEMAS;

const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `text ${i}`);
const pictures = (count: number): object[] => Array.from({ length: count }, () => ({ image: "AAAA" }));
/** Parts of so many characters each. */
const texts = (...lengths: number[]): object[] =>
  lengths.map((length) => ({ type: "text", text: "x".repeat(length) }));
const messagesOf = (...contents: (object | string)[][]): object => ({
  input: undefined,
  messages: contents.map((content) => ({
    role: "user",
    content: typeof content[0] === "string" ? content[0] : content,
  })),
});
const fieldsOf = (name: Name, fields: object): object =>
  Object.fromEntries(
    Object.entries({ ...SCHEMAS[name][1], ...fields }).filter(([, value]) => value !== undefined),
  );

const IMAGE =
  'must be an image: a URL, a data URI or base64 as a string, {"image": …}, {"file_id": …}, or {"type": "image_url", "image_url": {"url": …}}';
const MIXED = "must be a text, an image object, an object with a text, or a mix of both";
const ANY = "must be a text, an image object, or an object with a text or an embedding";
const INPUT = "must be a string, an image object or a list of them";

const REFUSED: [name: Name, fields: object, code: string, param: string | null, message: string][] = [
  ["classify", { images: [] }, "empty_input", "images", "at least one image is needed"],
  ["classify", { images: many(17) }, "too_many_items", "images", "at most 16 images a request"],
  ["classify", { images: [""] }, "empty_input", "images[0]", "an image must not be empty"],
  ["classify", { images: [7] }, "invalid_type", "images[0]", IMAGE],
  ["classify", { images: [{ image: "" }] }, "empty_input", "images[0].image", "an image must not be empty"],
  ["classify", { labels: undefined }, "missing_field", "labels", "labels or label_set is needed"],
  ["classify", { label_set: "ls_1" }, "invalid_type", "label_set", "labels and label_set exclude each other"],
  ["classify", { labels: undefined, label_set: "" }, "empty_input", "label_set", "must not be empty"],
  [
    "classify",
    { labels: undefined, label_set: "x".repeat(65) },
    "too_long",
    "label_set",
    "at most 64 characters",
  ],
  [
    "classify",
    { labels: undefined, label_set: [] },
    "empty_input",
    "label_set",
    "at least one label set is needed",
  ],
  [
    "classify",
    { labels: undefined, label_set: many(17) },
    "too_many_items",
    "label_set",
    "at most 16 label sets",
  ],
  [
    "classify",
    { labels: undefined, label_set: "a", templates: "{}" },
    "invalid_type",
    "templates",
    "cannot be given with label_set: the stored set has its own",
  ],
  [
    "classify",
    { labels: undefined, label_set: "a", negative: ["a"] },
    "invalid_type",
    "negative",
    "cannot be given with label_set: the stored set has its own",
  ],
  ["classify", { top_k: 0 }, "invalid_type", "top_k", "must be at least 1"],
  ["classify", { min_similarity: 1.01 }, "invalid_type", "min_similarity", "must be between -1 and 1"],
  ["classify", { min_similarity: -1.01 }, "invalid_type", "min_similarity", "must be between -1 and 1"],
  ["classify", { labels: [] }, "empty_input", "labels", "at least one label is needed"],
  ["classify", { labels: many(1001) }, "too_many_items", "labels", "at most 1000 labels"],
  ["classify", { labels: [7] }, "invalid_type", "labels[0]", "must be a string or an object with a label"],
  [
    "classify",
    { labels: [{ label: "a", prompts: [] }] },
    "empty_input",
    "labels[0].prompts",
    "at least one prompt is needed",
  ],
  [
    "classify",
    { labels: [{ label: "a", prompts: many(101) }] },
    "too_many_items",
    "labels[0].prompts",
    "at most 100 prompts a label",
  ],
  [
    "classify",
    { labels: ["a", "A "] },
    "duplicate_label",
    "labels[1]",
    '"A " is the same label as labels[0]',
  ],
  ["classify", { labels: ["x".repeat(8193)] }, "too_long", "labels[0]", "at most 8192 characters"],
  ["classify", { labels: [" "] }, "empty_input", "labels[0]", "must not be empty"],
  ["classify", { labels: [LONG] }, "too_long", "labels[0]", "at most 8192 characters"],
  ["classify", { model: LONG }, "too_long", "model", "at most 256 characters"],
  ["classify", { model: "x".repeat(257) }, "too_long", "model", "at most 256 characters"],
  [
    "classify",
    { templates: 7 },
    "invalid_type",
    "templates",
    "must be a template, a list of them, or the name of a set",
  ],
  ["classify", { templates: [] }, "empty_input", "templates", "at least one template is needed"],
  [
    "classify",
    { templates: many(101).map((text) => `${text} {}`) },
    "too_many_items",
    "templates",
    "at most 100 templates",
  ],
  ["classify", { templates: ["{}{}"] }, "invalid_template", "templates[0]", "a template has exactly one {}"],
  [
    "classify",
    { templates: ["none"], labels: ["a", 7] },
    "invalid_type",
    "labels[1]",
    "must be a string or an object with a label",
  ],
  ["classify", { negative: [] }, "empty_input", "negative", "at least one"],
  ["classify", { negative: ["a photo."] }, "invalid_value", "negative", "applies only with multi_label"],
  ["classify", { images: [" "] }, "empty_input", "images[0]", "an image must not be empty"],
  ["classify", { labels: [PICTURE] }, "invalid_value", "labels[0]", '{"image": "data:image/…"}'],
  ["similarity", { texts: [` ${PICTURE.toUpperCase()}`] }, "invalid_value", "texts[0]", '{"image": '],
  ["embeddings", { input: PICTURE }, "invalid_value", "input", '{"image": '],
  ["embeddings", { input: ["a", `${LONG}:picture`] }, "invalid_value", "input[1]", '{"image": '],
  ["rerank", { query: PICTURE }, "invalid_value", "query", '{"image": '],
  ["rerank", { documents: [{ text: PICTURE }] }, "invalid_value", "documents[0].text", '{"image": '],
  [
    "label set",
    { labels: [{ label: "a", prompts: [PICTURE] }] },
    "invalid_value",
    "labels[0].prompts[0]",
    "",
  ],
  ["classify", { min_similarty: 0.2 }, "unknown_field", "min_similarty", 'did you mean "min_similarity"?'],
  ["classify", { "top-k": 3 }, "unknown_field", "top-k", 'did you mean "top_k"?'],
  ["classify", { Labels: ["a"], labels: undefined }, "unknown_field", "Labels", 'did you mean "labels"?'],
  ["classify", { imagse: ["a"], images: undefined }, "unknown_field", "imagse", 'did you mean "image"?'],
  ["classify", { user: "me" }, "unknown_field", "user", "only model, images, labels, label_set,"],
  ["classify", { __proto__x: 1 }, "unknown_field", "__proto__x", "there is no such field"],
  ["classify", { ["x".repeat(1e6)]: 1 }, "unknown_field", "x".repeat(64), "there is no such field"],
  [
    "classify",
    { labels: ["a", { label: "b", min_similarty: 0.2 }] },
    "unknown_field",
    "labels[1].min_similarty",
    'did you mean "min_similarity"?',
  ],
  ["classify", { labels: [{ lable: "b" }] }, "unknown_field", "labels[0].lable", 'did you mean "label"?'],
  ["classify", { images: [{ image: "A", url: "B" }] }, "unknown_field", "images[0].url", "only image"],
  [
    "similarity",
    { texts: [{ embedding: [1], revision: "a" }] },
    "unknown_field",
    "texts[0].revision",
    "only embedding",
  ],
  ["label set", { template: "a {}" }, "unknown_field", "template", 'did you mean "templates"?'],
  ["compute-label-sets", { model: null, afters: "x" }, "unknown_field", "afters", 'did you mean "after"?'],
  ["similarity", { images: [] }, "empty_input", "images", "at least one image is needed"],
  ["similarity", { images: many(17) }, "too_many_items", "images", "at most 16 images a request"],
  [
    "similarity",
    { images: [7] },
    "invalid_type",
    "images[0]",
    "must be an image or an object with an embedding",
  ],
  ["similarity", { texts: [] }, "empty_input", "texts", "at least one text is needed"],
  ["similarity", { texts: many(1001) }, "too_many_items", "texts", "at most 1000 texts"],
  ["similarity", { texts: [7] }, "invalid_type", "texts[0]", "must be a text or an object with an embedding"],
  ["similarity", { texts: [{ embedding: [] }] }, "empty_input", "texts[0].embedding", "must not be empty"],
  [
    "similarity",
    { texts: [{ embedding: many(1) }] },
    "invalid_type",
    "texts[0].embedding[0]",
    "must be a number",
  ],
  [
    "similarity",
    { texts: [{ embedding: Array(4097).fill(1) }] },
    "too_many_items",
    "texts[0].embedding",
    "at most 4096 values",
  ],
  ["embeddings", { input: undefined }, "missing_field", "input", "input or messages is needed"],
  [
    "embeddings",
    { messages: [{ role: "user", content: "a" }] },
    "invalid_type",
    "input",
    "input and messages exclude each other",
  ],
  ["embeddings", { input: [] }, "empty_input", "input", "at least one input is needed"],
  ["embeddings", { input: many(2049) }, "too_many_items", "input", "at most 2048 inputs"],
  ["embeddings", { input: pictures(17) }, "too_many_items", "input", "at most 16 images a request"],
  ["embeddings", { input: true }, "invalid_type", "input", INPUT],
  ["embeddings", { input: ["a", true] }, "invalid_type", "input[1]", MIXED],
  ["embeddings", { encoding_format: "hex" }, "invalid_type", "encoding_format", ""],
  ["embeddings", { dimensions: 1.5 }, "invalid_type", "dimensions", ""],
  ["embeddings", { user: 7 }, "invalid_type", "user", ""],
  [
    "embeddings",
    { input: undefined, messages: [] },
    "empty_input",
    "messages",
    "at least one message is needed",
  ],
  [
    "embeddings",
    { input: undefined, messages: many(65).map((content) => ({ role: "user", content })) },
    "too_many_items",
    "messages",
    "at most 64 messages",
  ],
  [
    "embeddings",
    { input: undefined, messages: [{ role: "user", content: [] }] },
    "invalid_type",
    "messages",
    "must hold a text or an image: a vector is made of it",
  ],
  ["embeddings", messagesOf(texts(4_096, 4_096)), "too_long", "messages", "8192 characters"],
  ["embeddings", messagesOf(texts(8_000, 8_000)), "too_long", "messages", "8192 characters"],
  ["embeddings", messagesOf(texts(5_000), texts(5_000)), "too_long", "messages", "8192 characters"],
  ["embeddings", messagesOf(["x".repeat(8_192)], texts(1)), "too_long", "messages", "8192 characters"],
  [
    "embeddings",
    messagesOf([...texts(5_000, 5_000), { image: "A" }]),
    "too_long",
    "messages",
    "8192 characters",
  ],
  [
    "embeddings",
    messagesOf(texts(...Array<number>(65).fill(1))),
    "too_many_items",
    "messages[0].content",
    "at most 64 parts",
  ],
  [
    "cohere",
    { inputs: [{ content: texts(1) }, { content: texts(8_000, 8_000) }] },
    "too_long",
    "inputs[1].content",
    "8192 characters",
  ],
  [
    "cohere",
    { inputs: [{ content: texts(...Array<number>(65).fill(1)) }] },
    "too_many_items",
    "inputs[0].content",
    "at most 64 parts",
  ],
  [
    "cohere",
    { inputs: [{ content: [] }] },
    "empty_input",
    "inputs[0].content",
    "at least one part is needed",
  ],
  [
    "embeddings",
    { input: undefined, messages: [{ role: "user", content: pictures(17) }] },
    "too_many_items",
    "messages",
    "at most 16 images a request",
  ],
  [
    "embeddings",
    { input: undefined, messages: [{ content: "a" }] },
    "missing_field",
    "messages[0].role",
    "is missing",
  ],
  ["rerank", { query: undefined }, "missing_field", "query", "is missing"],
  ["rerank", { query: 7 }, "invalid_type", "query", ANY],
  ["rerank", { documents: [] }, "empty_input", "documents", "at least one document is needed"],
  ["rerank", { documents: many(1001) }, "too_many_items", "documents", "at most 1000 documents"],
  [
    "rerank",
    { query: { image: "AAAA" }, documents: pictures(16) },
    "too_many_items",
    null,
    "at most 16 images a request",
  ],
  ["rerank", { top_n: 0 }, "invalid_type", "top_n", "must be at least 1"],
  [
    "rerank",
    { return_documents: "yes" },
    "invalid_type",
    "return_documents",
    "must be true or false, not a text",
  ],
  ["rerank", { top_n: "5" }, "invalid_type", "top_n", "must be a number, not a text"],
  ["rerank", { top_n: 1.5 }, "invalid_type", "top_n", "must be a whole number, not a fraction"],
  ["rerank", { documents: "fox" }, "invalid_type", "documents", "must be a list, not a text"],
  ["classify", { label_set: 7, labels: undefined }, "invalid_type", "label_set", "must be a label set's id"],
  [
    "embeddings",
    { encoding_format: "int8" },
    "invalid_type",
    "encoding_format",
    'must be "float" or "base64"',
  ],
  [
    "embeddings",
    { input: undefined, messages: [{ role: "user", content: 7 }] },
    "invalid_type",
    "messages[0].content",
    "must be a text or a list of parts",
  ],
  ["label set", { name: "x".repeat(65) }, "too_long", "name", "at most 64 characters"],
  ["label set", { title: "x".repeat(257) }, "too_long", "title", "at most 256 characters"],
  ["label set", { labels: many(10_001) }, "too_many_items", "labels", "at most 10000 labels"],
  ["label set", { labels: undefined }, "missing_field", "labels", "is missing"],
  ["list", { limit: "0" }, "invalid_type", "limit", "must be at least 1"],
  ["list", { limit: "101" }, "invalid_type", "limit", "at most 100"],
  ["list", { limit: "1.5" }, "invalid_type", "limit", ""],
  ["list", { after: "x".repeat(65) }, "too_long", "after", ""],
];

const TAKEN: [name: Name, fields: object, output: object][] = [
  ["classify", {}, { images: ["AAAA"], top_k: 5, multi_label: false }],
  ["classify", { images: [{ file_id: " file-a\n" }] }, { images: [new FileReference("file-a")] }],
  ["classify", { images: Array(16).fill("AAAA"), labels: many(1000) }, { top_k: 5 }],
  [
    "classify",
    { labels: ["fox"] },
    { labels: [{ label: "fox", prompts: undefined, min_similarity: undefined }] },
  ],
  [
    "classify",
    { images: [{ image: "A" }, { type: "image_url", image_url: { url: "B" } }] },
    { images: ["A", "B"] },
  ],
  ["classify", { labels: undefined, label_set: "x".repeat(64) }, { label_set: "x".repeat(64) }],
  ["classify", { labels: undefined, label_set: many(16) }, { label_set: many(16) }],
  ["classify", { top_k: 1, min_similarity: -1, model: "x".repeat(256) }, { top_k: 1, min_similarity: -1 }],
  ["classify", { min_similarity: 1, model: null }, { min_similarity: 1 }],
  ["classify", { labels: [{ label: "a", prompts: many(100) }], templates: ["none"] }, { templates: ["{}"] }],
  ["classify", { templates: "none" }, { templates: ["{}"] }],
  ["classify", { templates: "a {}" }, { templates: ["a {}"] }],
  ["classify", { templates: ["a {}", "b {}"] }, { templates: ["a {}", "b {}"] }],
  ["similarity", { texts: ["a", { embedding: [1, 2] }] }, { texts: [{ text: "a" }, { embedding: [1, 2] }] }],
  ["similarity", { images: ["A", { embedding: [1] }] }, { images: [{ image: "A" }, { embedding: [1] }] }],
  ["embeddings", {}, { input: [{ text: "fox" }], encoding_format: "float" }],
  ["embeddings", { encoding_format: "base64", dimensions: null, user: "x" }, { encoding_format: "base64" }],
  [
    "embeddings",
    { input: ["a", { text: "b" }, { image: "C" }] },
    { input: [{ text: "a" }, { text: "b" }, { image: "C" }] },
  ],
  ["embeddings", { input: pictures(16) }, { input: pictures(16) }],
  [
    "embeddings",
    {
      input: undefined,
      messages: [
        { role: "user", content: "a" },
        { role: "user", content: [{ type: "text", text: "b" }] },
      ],
    },
    { messages: [{ text: "a\nb" }] },
  ],
  [
    "embeddings",
    { input: undefined, messages: [{ role: "user", content: [{ image: "A" }] }] },
    { messages: [{ image: "A" }] },
  ],
  [
    "embeddings",
    messagesOf(texts(4_096, 4_095)),
    { messages: [{ text: `${"x".repeat(4_096)}\n${"x".repeat(4_095)}` }] },
  ],
  [
    "cohere",
    { inputs: [{ content: texts(1, 2) }, { content: [{ image: "A" }] }] },
    { items: [{ text: "x\nxx" }, { image: "A" }], from: "inputs" },
  ],
  ["rerank", {}, { query: { text: "fox" }, documents: [{ text: "bus" }], return_documents: false }],
  [
    "rerank",
    { documents: ["a", { text: "b" }, { image: "C" }, { embedding: [1] }], top_n: 1, return_documents: true },
    { documents: [{ text: "a" }, { text: "b" }, { image: "C" }, { embedding: [1] }], top_n: 1 },
  ],
  ["rerank", { documents: pictures(16) }, { documents: pictures(16) }],
  [
    "label set",
    { name: "x".repeat(64), title: "X".repeat(256), negative: ["a"], min_similarity: null },
    { negative: ["a"] },
  ],
  ["list", {}, { limit: 20 }],
  ["classify", { images: [" A\n", { image: "\tB " }] }, { images: ["A", "B"] }],
  [
    "classify",
    { images: [{ type: "image_url", image_url: { url: "B", detail: "low" }, other: 1 }] },
    { images: ["B"] },
  ],
  ["classify", { labels: ["x".repeat(8192)] }, { top_k: 5 }],
  ["classify", { negative: ["a"], multi_label: true }, { negative: ["a"] }],
  ["classify", { top_k: null, multi_label: null, unknown: null }, { top_k: 5, multi_label: false }],
  ["classify", { labels: [{ label: "a", prompts: null }] }, { labels: [{ label: "a" }] }],
  ["embeddings", { input: many(2048), encoding_format: null }, { encoding_format: "float" }],
  ["embeddings", { input: "data:text/plain,a", unknown: 1 }, { input: [{ text: "data:text/plain,a" }] }],
  ["embeddings", { input: [{ text: "a", image: null, other: 1 }] }, { input: [{ text: "a" }] }],
  ["rerank", { unknown: 1, documents: [{ text: "a", id: 7 }] }, { documents: [{ text: "a" }] }],
  ["list", { limit: "1", after: "x".repeat(64) }, { limit: 1, after: "x".repeat(64) }],
  ["list", { limit: "100" }, { limit: 100 }],
];

describe("a request", () => {
  it.each(REFUSED)("%s %j is %s at %s", async (name, fields, code, param, message) => {
    const refusal: unknown = await validate(SCHEMAS[name][0], fieldsOf(name, fields)).catch(
      (error: unknown) => error,
    );
    if (!(refusal instanceof ServiceError)) throw new Error("the request was not refused");
    expect([refusal.code, refusal.param]).toEqual([code, param]);
    expect(refusal.message).toContain(message);
    // The message must not be one of zod's own.
    expect(refusal.message).not.toMatch(/invalid|expected|received|too (?:big|small)|unrecognized/i);
    expect(refusal.message).toContain(param ?? "");
  });

  it.each(TAKEN)("%s %j is taken", async (name, fields, output) => {
    expect(await validate(SCHEMAS[name][0], fieldsOf(name, fields))).toMatchObject(output);
  });
});

it.each([[[1, 2]], [[[1, 2]]], [7]])("token ids such as %j are refused", (input) => {
  expect(() => refuseTokenIds(input)).toThrow(/^input: token ids are not accepted/);
});

it.each([["a"], [["a"]], [[{ text: "a" }]], [undefined], [[]]])("%j are no token ids", (input) => {
  expect(() => refuseTokenIds(input)).not.toThrow();
});
