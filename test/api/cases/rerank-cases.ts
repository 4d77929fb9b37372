/** The contract of `/v1/rerank` and `/v2/rerank`. */
import { type Case, row } from "./contract-row.ts";
import { type Material, pngOf, vectorOf } from "./material.ts";

const RERANK = "POST /v1/rerank";
const COHERE_RERANK = "POST /v2/rerank";

export function rerankCases({ image, width }: Material): Case[] {
  const png = pngOf(image);
  const vector = vectorOf(width);
  return [
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
    row(COHERE_RERANK, "texts", { query: "a", documents: ["b", "c"], max_tokens_per_doc: 9 }, 200),
    row(
      COHERE_RERANK,
      "other fields to rank by",
      { query: "a", documents: ["b"], rank_fields: ["title"] },
      400,
      "invalid_value",
      "rank_fields",
    ),
    row(COHERE_RERANK, "no query", { documents: ["b"] }, 400, "missing_field", "query"),
  ];
}
