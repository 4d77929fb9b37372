/** A valid request to each endpoint that stores something or searches in what is stored. */
import type { Known, ValidBody } from "./valid-request.ts";

const STORES = "/v1/vector_stores";
const COLOR = { type: "in", key: "color", value: ["red", "blue", 3] };
const FILTERS = {
  type: "and",
  filters: [
    { type: "eq", key: "kind", value: "drawing" },
    { type: "or", filters: [COLOR, { type: "gte", key: "year", value: 2020.5 }] },
    { type: "nin", key: "sold", value: [true] },
    { type: "ne", key: "year", value: 1 },
  ],
};
const ATTRIBUTES = { kind: "drawing", color: "red", year: 2021, sold: false };

export function storedBodies(known: Known): ValidBody[] {
  return [...setAndFileBodies(known), ...storeBodies(known), ...searchBodies(known)];
}

function setAndFileBodies({ image, set, lines }: Known): ValidBody[] {
  return [
    {
      path: "/v1/label_sets",
      forms: "none",
      fields: {
        name: "animals",
        title: "Animals and a harp",
        labels: ["fox", { label: "harp", examples: [image] }],
        templates: "a photo of a {}.",
        negative: ["a photo."],
        min_similarity: -1,
      },
    },
    { path: "/v1/classify", forms: "also", fields: { image, label_set: ["known", set] } },
    { path: "/v1/operator/compute_label_sets", forms: "none", fields: { model: "edgeclip-demo" } },
    {
      path: "/v1/files",
      forms: "only",
      fields: {
        purpose: "vision",
        file: image,
        "expires_after[anchor]": "created_at",
        "expires_after[seconds]": 3600,
      },
    },
    {
      path: "/v1/batches",
      forms: "none",
      fields: {
        input_file_id: lines,
        endpoint: "/v1/embeddings",
        completion_window: "24h",
        metadata: { made: "here" },
        output_expires_after: { anchor: "created_at", seconds: 3600 },
      },
    },
  ];
}

function storeBodies({ image, width, file, store }: Known): ValidBody[] {
  const embedding = Array.from({ length: width }, (_, i) => (i === 0 ? 1 : 0));
  const settings = {
    name: "drawings",
    description: "what was drawn",
    metadata: { made: "here" },
    expires_after: { anchor: "last_active_at", days: 1 },
  };
  const chunking = { chunking_strategy: { type: "auto" } };
  const [add, batches] = [`${STORES}/${store}/files`, `${STORES}/${store}/file_batches`];
  return [
    {
      path: STORES,
      forms: "none",
      fields: { ...settings, ...chunking, model: "edgeclip-demo", file_ids: [file] },
    },
    { path: `${STORES}/${store}`, forms: "none", fields: settings },
    {
      path: add,
      forms: "none",
      fields: { ...chunking, file_id: file, attributes: ATTRIBUTES, filename: "fox.png" },
    },
    {
      path: add,
      forms: "also",
      fields: { images: [image], attributes: ATTRIBUTES, on_error: "report", model: "edgeclip-demo" },
    },
    { path: add, forms: "none", fields: { embedding, attributes: { year: 1 } } },
    { path: `${add}/${file}`, forms: "none", fields: { attributes: ATTRIBUTES } },
    { path: batches, forms: "none", fields: { ...chunking, file_ids: [file], attributes: ATTRIBUTES } },
    { path: batches, forms: "none", fields: { files: [{ ...chunking, file_id: file, attributes: {} }] } },
  ];
}

function searchBodies({ image, file, store }: Known): ValidBody[] {
  const path = `${STORES}/${store}/search`;
  return [
    {
      path,
      forms: "none",
      fields: {
        query: ["a fox", "a bus"],
        filters: FILTERS,
        max_num_results: 3,
        ranking_options: { ranker: "auto", score_threshold: -1 },
        rewrite_query: false,
      },
    },
    { path, forms: "none", fields: { query: "a fox", filters: COLOR, model: "edgeclip-demo" } },
    { path, forms: "also", fields: { images: [image], filters: COLOR } },
    { path, forms: "none", fields: { images: [{ file_id: file }], filters: FILTERS } },
    {
      path,
      forms: "none",
      fields: {
        content: [
          { type: "text", text: "fox", weight: 2 },
          { image, weight: 1 },
          { type: "input_image", file_id: file, weight: -0.5 },
        ],
        filters: { type: "lt", key: "year", value: 2030 },
      },
    },
  ];
}
