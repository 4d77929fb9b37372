/** A valid request to each endpoint, which the grammar then spoils. */

/** Facts about the deployment that a valid request needs. */
export interface Known {
  /** Base64 of a picture. */
  image: string;
  /** Id of a stored label set. */
  set: string;
  /** Width of the model's embeddings. */
  width: number;
}

export interface ValidBody {
  path: string;
  fields: Record<string, unknown>;
  /** True if the endpoint accepts forms. */
  isForm: boolean;
}

export function validBodies({ image, set, width }: Known): ValidBody[] {
  const embedding = Array.from({ length: width }, (_, i) => (i === 0 ? 1 : 0));
  return [
    {
      path: "/v1/classify",
      isForm: true,
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
    { path: "/v1/classify", isForm: true, fields: { image, label_set: [set] } },
    {
      path: "/v1/classify",
      isForm: true,
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
      isForm: true,
      fields: { images: [image, { embedding }], texts: ["a fox", "a bus"] },
    },
    {
      path: "/v1/embeddings",
      isForm: false,
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
      isForm: false,
      fields: { messages: [{ role: "user", content: [{ type: "text", text: "fox" }] }] },
    },
    {
      path: "/v1/embeddings",
      isForm: false,
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
      isForm: false,
      fields: {
        query: "a fox",
        documents: ["fox", { text: "bus" }, { image }, { embedding }],
        top_n: 2,
        return_documents: true,
      },
    },
    {
      path: "/v1/label_sets",
      isForm: false,
      fields: {
        name: "animals",
        labels: ["fox", "harp"],
        templates: "a photo of a {}.",
        negative: ["a photo."],
        min_similarity: -1,
      },
    },
  ];
}
