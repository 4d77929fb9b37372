/** The contract of `/v1/similarity`. */
import { type Case, row } from "./contract-row.ts";
import { many, type Material, vectorOf } from "./material.ts";

const SIMILARITY = "POST /v1/similarity";

export function similarityCases({ image, width }: Material): Case[] {
  const vector = vectorOf(width);
  return [
    row(SIMILARITY, "images and texts", { images: [image], texts: ["a", "b"] }, 200),
    row(SIMILARITY, "image and text as aliases", { image, text: "a" }, 200),
    row(SIMILARITY, "bad pictures that are reported", { images: ["!"], text: "a", on_error: "report" }, 200),
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
  ];
}
