/** The contract of `/v2/embed`. */
import { type Case, row } from "./contract-row.ts";
import { type Material, partOf, pngOf } from "./material.ts";

const COHERE_EMBED = "POST /v2/embed";

export function cohereEmbedCases({ image }: Material): Case[] {
  const png = pngOf(image);
  const part = partOf(image);
  return [
    row(COHERE_EMBED, "texts", { texts: ["a"], input_type: "search_query", max_tokens: 9 }, 200),
    row(COHERE_EMBED, "images", { images: [png, { image }] }, 200),
    row(COHERE_EMBED, "inputs", { inputs: [{ content: [part] }], embedding_types: ["base64"] }, 200),
    row(COHERE_EMBED, "nothing to embed", {}, 400, "missing_field", "texts"),
    row(COHERE_EMBED, "two kinds", { texts: ["a"], images: [png] }, 400, "invalid_type", "images"),
    row(COHERE_EMBED, "17 images", { images: Array(17).fill(png) }, 400, "too_many_items", "images"),
    row(
      COHERE_EMBED,
      "a text beside a picture",
      { inputs: [{ content: [part, { type: "text", text: "a" }] }] },
      200,
    ),
    row(
      COHERE_EMBED,
      "several types",
      { texts: ["a"], embedding_types: ["float", "int8", "uint8", "binary", "ubinary", "base64"] },
      200,
    ),
    row(
      COHERE_EMBED,
      "a type that is not there",
      { texts: ["a"], embedding_types: ["int4"] },
      400,
      "invalid_value",
      "embedding_types[0]",
    ),
    row(
      COHERE_EMBED,
      "another width",
      { texts: ["a"], output_dimension: 1 },
      400,
      "unsupported_dimensions",
      "output_dimension",
    ),
    row(
      COHERE_EMBED,
      "cut at the start",
      { texts: ["a", "a ".repeat(99)], truncate: "START" },
      400,
      "too_long",
      "texts[1]",
    ),
    row(COHERE_EMBED, "to cut at the start, but short", { texts: ["a"], truncate: "START" }, 200),
    row(COHERE_EMBED, "a long text", { texts: ["a", "a ".repeat(99)] }, 200),
    row(
      COHERE_EMBED,
      "a long text that must be whole",
      { texts: ["a", "a ".repeat(99)], truncate: "NONE" },
      400,
      "too_long",
      "texts[1]",
    ),
  ];
}
