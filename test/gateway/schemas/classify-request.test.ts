/** Requests to classify: accepted values with their result, and refused values with code and path. */
import { FileReference } from "../../../functions/gateway/images/file-reference.ts";
import { classifyRequestSchema } from "../../../functions/gateway/schemas/classify-request.ts";
import { type Acceptance, describeRows, LONG, PICTURE, type Refusal } from "./request-rows.ts";
import { many } from "./validated.ts";

const IMAGE =
  'must be an image: a URL, a data URI or base64 as a string, {"image": …}, {"file_id": …}, or {"type": "image_url", "image_url": {"url": …}}';

const SCHEMAS = {
  classify: [classifyRequestSchema, { images: ["AAAA"], labels: ["fox"] }],
} as const;

const REFUSED: Refusal[] = [
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
  ["classify", { label_set: 7, labels: undefined }, "invalid_type", "label_set", "must be a label set's id"],
];

const TAKEN: Acceptance[] = [
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
];

describeRows(SCHEMAS, TAKEN, REFUSED);
