/** Requests that compare vectors, `similarity` and `rerank`: what is taken and what is refused. */
import { rerankRequestSchema } from "../../../functions/gateway/schemas/rerank-request.ts";
import { similarityRequestSchema } from "../../../functions/gateway/schemas/similarity-request.ts";
import { type Acceptance, describeRows, PICTURE, type Refusal } from "./request-rows.ts";
import { many, pictures } from "./validated.ts";

const ANY = "must be a text, an image object, or an object with a text or an embedding";

const SCHEMAS = {
  similarity: [similarityRequestSchema, { images: ["AAAA"], texts: ["fox"] }],
  rerank: [rerankRequestSchema, { query: "fox", documents: ["bus"] }],
} as const;

const REFUSED: Refusal[] = [
  ["similarity", { texts: [` ${PICTURE.toUpperCase()}`] }, "invalid_value", "texts[0]", '{"image": '],
  ["rerank", { query: PICTURE }, "invalid_value", "query", '{"image": '],
  ["rerank", { documents: [{ text: PICTURE }] }, "invalid_value", "documents[0].text", '{"image": '],
  [
    "similarity",
    { texts: [{ embedding: [1], revision: "a" }] },
    "unknown_field",
    "texts[0].revision",
    "only embedding",
  ],
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
  ["rerank", { rank_fields: ["title"] }, "invalid_value", "rank_fields", "ranked by its text alone"],
  ["rerank", { rank_fields: ["text", "title"] }, "invalid_value", "rank_fields", "ranked by its text alone"],
  ["rerank", { rank_fields: [] }, "invalid_value", "rank_fields", "ranked by its text alone"],
  ["rerank", { top_n: true }, "invalid_type", "top_n", "must be a number, not true or false"],
  ["rerank", { top_n: [1] }, "invalid_type", "top_n", "must be a number, not a list"],
  ["rerank", { rank_fields: { a: 1 } }, "invalid_type", "rank_fields", "must be a list, not an object"],
  ["rerank", { rank_fields: [7] }, "invalid_type", "rank_fields[0]", "must be a text, not a number"],
  ["rerank", { rank_fields: [1.5] }, "invalid_type", "rank_fields[0]", "must be a text, not a fraction"],
  ["rerank", { documents: "fox" }, "invalid_type", "documents", "must be a list, not a text"],
];

const TAKEN: Acceptance[] = [
  ["similarity", { texts: ["a", { embedding: [1, 2] }] }, { texts: [{ text: "a" }, { embedding: [1, 2] }] }],
  ["similarity", { images: ["A", { embedding: [1] }] }, { images: [{ image: "A" }, { embedding: [1] }] }],
  ["rerank", {}, { query: { text: "fox" }, documents: [{ text: "bus" }], return_documents: false }],
  [
    "rerank",
    { documents: ["a", { text: "b" }, { image: "C" }, { embedding: [1] }], top_n: 1, return_documents: true },
    { documents: [{ text: "a" }, { text: "b" }, { image: "C" }, { embedding: [1] }], top_n: 1 },
  ],
  ["rerank", { documents: pictures(16) }, { documents: pictures(16) }],
  ["rerank", { rank_fields: ["text"] }, { documents: [{ text: "bus" }] }],
  ["rerank", { unknown: 1, documents: [{ text: "a", id: 7 }] }, { documents: [{ text: "a" }] }],
];

describeRows(SCHEMAS, TAKEN, REFUSED);
