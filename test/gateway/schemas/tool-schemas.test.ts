/** The schemas of tools, of other APIs' endpoints, and of newer fields of the service's own, at their edges. */
import { describe, expect, it, test } from "vitest";
import { FileReference } from "../../../functions/gateway/images/file-reference.ts";
import { classifyRequestSchema } from "../../../functions/gateway/schemas/classify-request.ts";
import { cohereEmbedRequestSchema } from "../../../functions/gateway/schemas/cohere-embed-request.ts";
import {
  embeddingsRequestSchema,
  outputType,
} from "../../../functions/gateway/schemas/embeddings-request.ts";
import { limitExamples } from "../../../functions/gateway/schemas/fields/example.ts";
import {
  featureExtractionRequestSchema,
  zeroShotRequestSchema,
} from "../../../functions/gateway/schemas/hugging-face-request.ts";
import {
  classifyImageSchema,
  compareSchema,
  searchPicturesSchema,
} from "../../../functions/gateway/schemas/mcp-tools.ts";
import { DEFAULT_NONE, noneSchema } from "../../../functions/gateway/schemas/fields/none.ts";
import { isSetName } from "../../../functions/gateway/schemas/fields/set-name.ts";
import { validate } from "../../../functions/gateway/schemas/fields/validate.ts";
import {
  describeRequests,
  many,
  part,
  pictures,
  type Refused,
  type Schemas,
  type Taken,
} from "./validated.ts";

const mixes = (count: number): object[] =>
  Array.from({ length: count }, () => ({ content: many(64).map((text) => part(text)) }));

const SCHEMAS: Schemas = {
  classify: [classifyRequestSchema, { images: ["AAAA"], labels: ["fox"] }],
  "classify tool": [classifyImageSchema, { image: "AAAA", labels: ["fox"] }],
  cohere: [cohereEmbedRequestSchema, { texts: ["fox"] }],
  "compare tool": [compareSchema, { images: ["AAAA"], texts: ["fox"] }],
  embeddings: [embeddingsRequestSchema, { input: "fox" }],
  "feature extraction": [featureExtractionRequestSchema, { inputs: "fox" }],
  "search tool": [searchPicturesSchema, { vector_store_id: "vs", query: "fox" }],
  "zero shot": [zeroShotRequestSchema, { inputs: "AAAA", parameters: { candidate_labels: ["fox"] } }],
};

const TAKEN: Taken[] = [
  ["search tool", {}, { query: "fox", max_num_results: 10 }],
  ["search tool", { query: undefined, image: { file_id: "f" } }, { image: new FileReference("f") }],
  ["classify tool", {}, { image: "AAAA", labels: ["fox"], template: "a photo of a {}." }],
  ["classify tool", { labels: many(1_000), template: "{}" }, { template: "{}" }],
  ["compare tool", { images: Array(16).fill("AAAA"), texts: many(1_000) }, { texts: many(1_000) }],
  ["compare tool", { texts: ["x".repeat(256)] }, { texts: ["x".repeat(256)] }],
  ["cohere", {}, { from: "texts", items: [{ text: "fox" }], embedding_types: ["float"], truncate: "END" }],
  [
    "cohere",
    { texts: undefined, images: ["AAAA", { image: "BBBB" }] },
    { from: "images", items: [{ image: "AAAA" }, { image: "BBBB" }] },
  ],
  [
    "cohere",
    { texts: undefined, inputs: [{ content: [part("a"), part("b")] }] },
    { from: "inputs", items: [{ text: "a\nb" }] },
  ],
  [
    "cohere",
    { texts: undefined, inputs: [{ content: [part("a"), { image: "BBBB" }] }] },
    {
      items: [
        {
          mix: [
            { text: "a", weight: 1 },
            { image: "BBBB", weight: 1 },
          ],
        },
      ],
    },
  ],
  ["cohere", { texts: many(2_048), max_tokens: 5, input_type: "image" }, { from: "texts" }],
  [
    "cohere",
    { embedding_types: ["base64", "float", "int8", "uint8", "binary", "ubinary"] },
    { embedding_types: ["base64", "float", "int8", "uint8", "binary", "ubinary"] },
  ],
  ...["search_document", "search_query", "classification", "clustering"].map((input_type): Taken => [
    "cohere",
    { input_type },
    { input_type },
  ]),
  ...["START", "END"].map((truncate): Taken => ["cohere", { truncate }, { truncate }]),
  ["cohere", { truncate: "NONE", output_dimension: 8 }, { truncate: "NONE", output_dimension: 8 }],
  [
    "zero shot",
    {},
    {
      inputs: "AAAA",
      parameters: { candidate_labels: ["fox"], hypothesis_template: "This is a photo of {}." },
    },
  ],
  [
    "feature extraction",
    {},
    {
      inputs: [{ text: "fox" }],
      normalize: true,
      truncate: true,
      truncation_direction: "right",
      encoding_format: "float",
    },
  ],
  ...["left", "right", "Left", "Right"].map((side): Taken => [
    "feature extraction",
    { truncation_direction: side, encoding_format: "float" },
    { truncation_direction: side, encoding_format: "float" },
  ]),
  [
    "feature extraction",
    { inputs: ["a", "b"], normalize: true, truncate: false, truncation_direction: "Left" },
    { inputs: [{ text: "a" }, { text: "b" }], truncate: false },
  ],
  [
    "embeddings",
    { input: { content: [part("a", 1_000), part("b", -1_000)] } },
    {
      input: [
        {
          mix: [
            { text: "a", weight: 1_000 },
            { text: "b", weight: -1_000 },
          ],
        },
      ],
    },
  ],
  [
    "embeddings",
    {
      input: [
        {
          content: [
            { type: "image_url", image_url: { url: "A" } },
            { file_id: "f", weight: 0 },
            { image: "B" },
          ],
        },
      ],
    },
    {
      input: [
        {
          mix: [
            { image: "A", weight: 1 },
            { image: new FileReference("f"), weight: 0 },
            { image: "B", weight: 1 },
          ],
        },
      ],
    },
  ],
  ["embeddings", { input: { content: many(64).map((text) => part(text)) } }, {}],
  ["embeddings", { input: mixes(32) }, {}],
  ["embeddings", { output_dtype: "int8", encoding_format: "bytes" }, { output_dtype: "int8" }],
  ["embeddings", { output_dtype: "int8", embed_dtype: "int8" }, { output_dtype: "int8" }],
  ["embeddings", { embed_dtype: "float32", encoding_format: "base64" }, { output_dtype: "float" }],
  [
    "embeddings",
    { input: undefined, messages: [{ role: "user", content: [{ image: "A" }, { image: "B" }] }] },
    {
      messages: [
        {
          mix: [
            { image: "A", weight: 1 },
            { image: "B", weight: 1 },
          ],
        },
      ],
    },
  ],
  ["classify", { none: true }, { none: { prompts: DEFAULT_NONE, bias: 0 } }],
  ["classify", { none: ["a"] }, { none: { prompts: ["a"], bias: 0 } }],
  [
    "classify",
    { none: { prompts: many(100), bias: -1_000 } },
    { none: { prompts: many(100), bias: -1_000 } },
  ],
  ["classify", { none: { bias: 1_000 } }, { none: { prompts: DEFAULT_NONE, bias: 1_000 } }],
  [
    "classify",
    { images: [{ type: "input_image", file_id: "f", detail: "low" }] },
    { images: [new FileReference("f")] },
  ],
  [
    "classify",
    { labels: [{ label: "a", examples: ["A", { file_id: "f" }, { embedding: [1], revision: "r" }] }] },
    {
      labels: [
        {
          examples: [
            { image: "A" },
            { image: new FileReference("f") },
            { embedding: Float32Array.of(1), revision: "r" },
          ],
        },
      ],
    },
  ],
  ["classify", { labels: [{ label: "a", examples: Array(64).fill("A") }] }, {}],
];

const REFUSED: Refused[] = [
  ["search tool", { query: undefined }, "missing_field", "query"],
  ["search tool", { image: "AAAA" }, "invalid_type", "query"],
  ["search tool", { query: "x".repeat(257) }, "too_long", "query"],
  ["search tool", { vector_store_id: "x".repeat(257) }, "too_long", "vector_store_id"],
  ["classify tool", { labels: [] }, "empty_input", "labels"],
  ["classify tool", { labels: many(1_001) }, "too_many_items", "labels"],
  ["classify tool", { labels: ["x".repeat(257)] }, "too_long", "labels[0]"],
  ["classify tool", { image: 7 }, "invalid_type", "image"],
  ["classify tool", { template: "none" }, "invalid_template", "template"],
  ["compare tool", { images: [] }, "empty_input", "images"],
  ["compare tool", { images: Array(17).fill("AAAA") }, "too_many_items", "images"],
  ["compare tool", { texts: [] }, "empty_input", "texts"],
  ["compare tool", { texts: many(1_001) }, "too_many_items", "texts"],
  ["cohere", { texts: undefined }, "missing_field", "texts"],
  ["cohere", { images: ["AAAA"] }, "invalid_type", "images"],
  ["cohere", { inputs: [{ content: [part("a")] }] }, "invalid_type", "inputs"],
  ["cohere", { texts: [] }, "empty_input", "texts"],
  ["cohere", { texts: many(2_049) }, "too_many_items", "texts"],
  ["cohere", { texts: undefined, images: [] }, "empty_input", "images"],
  ["cohere", { texts: undefined, images: Array(17).fill("AAAA") }, "too_many_items", "images"],
  ["cohere", { texts: undefined, inputs: [] }, "empty_input", "inputs"],
  ["cohere", { texts: undefined, inputs: [{ content: [] }] }, "empty_input", "inputs[0].content"],
  [
    "cohere",
    { texts: undefined, inputs: [{ content: many(65).map((text) => part(text)) }] },
    "too_many_items",
    "inputs[0].content",
  ],
  [
    "cohere",
    { texts: undefined, inputs: pictures(17).map((each) => ({ content: [each] })) },
    "too_many_items",
    "inputs",
  ],
  [
    "cohere",
    { texts: undefined, inputs: many(2_049).map((text) => ({ content: [part(text)] })) },
    "too_many_items",
    "inputs",
  ],
  ["cohere", { embedding_types: ["float", "int4"] }, "invalid_value", "embedding_types[1]"],
  ["cohere", { embedding_types: [] }, "empty_input", "embedding_types"],
  ["cohere", { embedding_types: Array(7).fill("float") }, "too_many_items", "embedding_types"],
  ["cohere", { input_type: "other" }, "invalid_type", "input_type"],
  ["cohere", { truncate: "MIDDLE" }, "invalid_type", "truncate"],
  ["cohere", { output_dimension: 1.5 }, "invalid_type", "output_dimension"],
  ["zero shot", { parameters: undefined }, "missing_field", "parameters"],
  ["zero shot", { parameters: { candidate_labels: [] } }, "empty_input", "parameters.candidate_labels"],
  [
    "zero shot",
    { parameters: { candidate_labels: many(1_001) } },
    "too_many_items",
    "parameters.candidate_labels",
  ],
  [
    "zero shot",
    { parameters: { candidate_labels: ["a"], hypothesis_template: "a" } },
    "invalid_template",
    "parameters.hypothesis_template",
  ],
  ["feature extraction", { inputs: undefined }, "missing_field", "inputs"],
  ["feature extraction", { normalize: false }, "invalid_value", "normalize"],
  ["feature extraction", { prompt_name: "query" }, "invalid_value", "prompt_name"],
  ["feature extraction", { truncation_direction: "up" }, "invalid_type", "truncation_direction"],
  ["feature extraction", { encoding_format: "base64" }, "invalid_value", "encoding_format"],
  ["feature extraction", { encoding_format: "hex" }, "invalid_type", "encoding_format"],
  ["feature extraction", { dimensions: 1.5 }, "invalid_type", "dimensions"],
  ["embeddings", { input: { content: [] } }, "empty_input", "input.content"],
  [
    "embeddings",
    { input: { content: many(65).map((text) => part(text)) } },
    "too_many_items",
    "input.content",
  ],
  ["embeddings", { input: [...mixes(32), "x"] }, "too_many_items", "input"],
  ["embeddings", { input: { content: [part("a", 1_000.5)] } }, "invalid_type", "input.content[0].weight"],
  ["embeddings", { input: { content: [part("a", -1_000.5)] } }, "invalid_type", "input.content[0].weight"],
  ["embeddings", { input: { content: [7] } }, "invalid_type", "input.content[0]"],
  ["embeddings", { output_dtype: "int8", encoding_format: "base64" }, "invalid_value", "encoding_format"],
  ["embeddings", { embed_dtype: "int8", encoding_format: "base64" }, "invalid_value", "encoding_format"],
  ["embeddings", { output_dtype: "int8", embed_dtype: "uint8" }, "invalid_value", "embed_dtype"],
  ["embeddings", { output_dtype: "int8", embed_dtype: "float32" }, "invalid_value", "embed_dtype"],
  ["classify", { none: "yes" }, "invalid_type", "none"],
  ["classify", { none: [] }, "empty_input", "none"],
  ["classify", { none: many(101) }, "too_many_items", "none"],
  ["classify", { none: { bias: 1_000.5 } }, "invalid_type", "none.bias"],
  ["classify", { none: { bias: -1_000.5 } }, "invalid_type", "none.bias"],
  ["classify", { none: { prompt: ["a"] } }, "unknown_field", "none.prompt"],
  ["classify", { images: [{ type: "input_image" }] }, "invalid_type", "images[0]"],
  ["classify", { images: [{ file_id: "x".repeat(257) }] }, "too_long", "images[0].file_id"],
  [
    "classify",
    { images: [{ type: "image_url", image_url: { url: " " } }] },
    "empty_input",
    "images[0].image_url.url",
  ],
  ["classify", { labels: [{ label: "a", examples: [] }] }, "empty_input", "labels[0].examples"],
  [
    "classify",
    { labels: [{ label: "a", examples: Array(65).fill("A") }] },
    "too_many_items",
    "labels[0].examples",
  ],
  ["classify", { labels: [{ label: "a", examples: [7] }] }, "invalid_type", "labels[0].examples[0]"],
  [
    "classify",
    { labels: [{ label: "a", examples: [{ embedding: [1] }] }] },
    "missing_field",
    "labels[0].examples[0].revision",
  ],
  [
    "classify",
    { labels: [{ label: "a", examples: [{ embedding: [], revision: "r" }] }] },
    "empty_input",
    "labels[0].examples[0].embedding",
  ],
  [
    "classify",
    { labels: [{ label: "a", examples: [{ embedding: [1, 1e39], revision: "r" }] }] },
    "invalid_value",
    "labels[0].examples[0].embedding",
  ],
  [
    "classify",
    { labels: many(32).map((label) => ({ label, examples: Array(63).fill("A") })) },
    "too_many_items",
    "labels",
  ],
];

describeRequests(SCHEMAS, TAKEN, REFUSED);

test("none is turned off by false", async () => {
  expect(await validate(noneSchema, false)).toBeUndefined();
});

test.each([
  [{ output_dtype: "int8" }, "int8"],
  [{ output_dtype: "float", embed_dtype: "float32" }, "float"],
  [{ output_dtype: "float", embed_dtype: "float" }, "float"],
  [{ output_dtype: "float", embed_dtype: "ubinary" }, "ubinary"],
] as const)("%j gives %s", (fields, type) => {
  expect(outputType(fields)).toBe(type);
});

test.each([
  ["a", true],
  ["0", true],
  ["a.b-c_d", true],
  ["x".repeat(64), true],
  ["lsx", true],
  ["nulls", true],
  ["a-none", true],
  ["null", false],
  ["none", false],
  ["undefined", false],
  ["", false],
  ["x".repeat(65), false],
  ["ls_a", false],
  [".a", false],
  ["-a", false],
  ["_a", false],
  ["A", false],
  ["a b", false],
  ["a\n", false],
])("%j is a set's name: %s", (name, expected) => {
  expect(isSetName(name)).toBe(expected);
});

const label = (count: number): object => ({ label: "a", examples: Array(count).fill("A") });

describe("examples of all labels", () => {
  it.each([
    [[], undefined],
    [["a", null, 7, { examples: "text" }], undefined],
    [[label(1_000), label(1_000)], undefined],
    [[label(1_000), label(1_001)], "too_many_items"],
    [["a", label(2_001)], "too_many_items"],
  ])("are at most 2,000", (labels, code) => {
    expect(limitExamples(labels)?.code).toBe(code);
  });
});
