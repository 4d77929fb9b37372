/** The contract of `/v1/embeddings`. */
import { type Case, row } from "./contract-row.ts";
import { many, type Material, partOf, pngOf } from "./material.ts";

const EMBEDDINGS = "POST /v1/embeddings";

/** A mix of a text with itself. */
const mix = (weight: number): object => ({
  content: [
    { type: "text", text: "a" },
    { type: "text", text: "a", weight },
  ],
});

export function embeddingCases({ image, width }: Material): Case[] {
  const png = pngOf(image);
  const part = partOf(image);
  return [
    row(EMBEDDINGS, "a string", { input: "a" }, 200),
    row(EMBEDDINGS, "strings and images", { input: ["a", { image }, part] }, 200),
    row(EMBEDDINGS, "base64", { input: "a", encoding_format: "base64", user: "u" }, 200),
    row(EMBEDDINGS, "int8", { input: "a", output_dtype: "int8" }, 200),
    row(
      EMBEDDINGS,
      "ubinary as bytes",
      { input: "a", output_dtype: "ubinary", encoding_format: "bytes" },
      200,
    ),
    row(
      EMBEDDINGS,
      "int8 as base64",
      { input: "a", output_dtype: "int8", encoding_format: "base64" },
      400,
      "invalid_value",
      "encoding_format",
    ),
    row(
      EMBEDDINGS,
      "another type",
      { input: "a", output_dtype: "int4" },
      400,
      "invalid_type",
      "output_dtype",
    ),
    row(EMBEDDINGS, "a mix", { input: [mix(1), "a"] }, 200),
    row(
      EMBEDDINGS,
      "a mix that adds up to zero",
      { input: ["a", mix(-1)] },
      400,
      "invalid_value",
      "input[1]",
    ),
    row(
      EMBEDDINGS,
      "17 pictures in mixes",
      { input: Array.from({ length: 17 }, () => ({ content: [part] })) },
      400,
      "too_many_items",
      "input",
    ),
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
    row(
      EMBEDDINGS,
      "bad pictures that are reported",
      { input: ["a", { image: "!" }], on_error: "report" },
      200,
    ),
    row(EMBEDDINGS, "a bad picture", { input: ["a", { image: "!" }] }, 400, "invalid_image", "input[1]"),
    row(EMBEDDINGS, "token ids", { input: [1, 2] }, 400, "invalid_type", "input"),
    row(EMBEDDINGS, "messages", { messages: [{ role: "user", content: [part] }] }, 200),
    row(
      EMBEDDINGS,
      "messages of two texts of 8,000 characters",
      { messages: many(2).map(() => ({ role: "user", content: "x".repeat(8_000) })) },
      400,
      "too_long",
      "messages",
    ),
    row(
      EMBEDDINGS,
      "a field whose name has 70,000 characters",
      { input: "a", ["k".repeat(70_000)]: 1 },
      400,
      "too_long",
    ),
    row(
      EMBEDDINGS,
      "messages with a text and a picture",
      { messages: [{ role: "user", content: [{ type: "text", text: "a" }, part] }] },
      200,
    ),
    row(EMBEDDINGS, "no input", {}, 400, "missing_field", "input"),
  ];
}
