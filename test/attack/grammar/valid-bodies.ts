/** A valid request to each endpoint, which the grammar then spoils. */

import { storedBodies } from "./stored-bodies.ts";
import type { Known, ValidBody } from "./valid-request.ts";

export function validBodies(known: Known): ValidBody[] {
  return [...ownBodies(known), ...compatibleBodies(known), ...storedBodies(known)];
}

function ownBodies({ image, set, file, width }: Known): ValidBody[] {
  const embedding = Array.from({ length: width }, (_, i) => (i === 0 ? 1 : 0));
  return [
    {
      path: "/v1/classify",
      forms: "also",
      fields: {
        model: "edgeclip-demo",
        images: [image],
        labels: ["fox", { label: "bus", prompts: ["a bus"], min_similarity: -1 }],
        templates: ["a photo of a {}."],
        top_k: 2,
        multi_label: true,
        negative: ["a photo."],
        min_similarity: -1,
      },
    },
    { path: "/v1/classify", forms: "also", fields: { image, label_set: [set] } },
    {
      path: "/v1/classify",
      forms: "also",
      fields: {
        images: [image],
        labels: ["fox", "bus"],
        none: { prompts: ["something"], bias: 1 },
        min_score: 0.1,
        on_error: "report",
      },
    },
    {
      path: "/v1/similarity",
      forms: "also",
      fields: { images: [image, { embedding }, { file_id: file }], texts: ["a fox", "a bus"] },
    },
    {
      path: "/v1/embeddings",
      forms: "none",
      fields: {
        model: "edgeclip/demo",
        input: ["fox", { image }, { text: "bus" }],
        encoding_format: "base64",
        dimensions: width,
        user: "somebody",
      },
    },
    {
      path: "/v1/embeddings",
      forms: "none",
      fields: { messages: [{ role: "user", content: [{ type: "text", text: "fox" }] }] },
    },
    {
      path: "/v1/embeddings",
      forms: "none",
      fields: {
        input: [
          {
            content: [
              { type: "text", text: "fox", weight: 2 },
              { image, weight: -0.5 },
            ],
          },
        ],
        encoding_format: "bytes",
        output_dtype: "int8",
        on_error: "report",
      },
    },
    {
      path: "/v1/rerank",
      forms: "none",
      fields: {
        query: "a fox",
        documents: ["fox", { text: "bus" }, { image }, { embedding }],
        top_n: 2,
        return_documents: true,
      },
    },
  ];
}

/** Bodies for Cohere's and Hugging Face's endpoints. */
function compatibleBodies({ image, width }: Known): ValidBody[] {
  const data = `data:image/png;base64,${image}`;
  return [
    {
      path: "/v2/rerank",
      forms: "none",
      fields: { model: "edgeclip-demo", query: "a fox", documents: ["fox", { text: "bus" }], top_n: 1 },
    },
    {
      path: "/v2/embed",
      forms: "none",
      fields: {
        model: "edgeclip-demo",
        texts: ["fox"],
        input_type: "search_query",
        embedding_types: ["float", "ubinary"],
        output_dimension: width,
        truncate: "END",
      },
    },
    { path: "/v2/embed", forms: "none", fields: { images: [data] } },
    {
      path: "/v2/embed",
      forms: "none",
      fields: {
        inputs: [
          {
            content: [
              { type: "text", text: "fox" },
              { type: "image_url", image_url: { url: data } },
            ],
          },
        ],
      },
    },
    {
      path: "/hf/zero-shot-image-classification",
      forms: "none",
      fields: {
        inputs: image,
        parameters: { candidate_labels: ["fox", "bus"], hypothesis_template: "a photo of a {}." },
      },
    },
    {
      path: "/hf/feature-extraction",
      forms: "none",
      fields: { inputs: ["fox", { image }], normalize: true, truncate: true, truncation_direction: "right" },
    },
  ];
}
