/** The contract of `/hf/…`. */
import { type Case, row } from "./contract-row.ts";
import { LABELS as labels, type Material } from "./material.ts";

const ZERO_SHOT = "POST /hf/zero-shot-image-classification";
const FEATURES = "POST /hf/feature-extraction";

export function huggingFaceCases({ image }: Material): Case[] {
  return [
    row(ZERO_SHOT, "base64", { inputs: image, parameters: { candidate_labels: labels } }, 200),
    row(ZERO_SHOT, "an object", { inputs: { image }, parameters: { candidate_labels: labels } }, 200),
    row(
      ZERO_SHOT,
      "no picture",
      { parameters: { candidate_labels: labels } },
      400,
      "missing_field",
      "inputs",
    ),
    row(
      ZERO_SHOT,
      "a text",
      { inputs: "a fox!", parameters: { candidate_labels: labels } },
      400,
      "invalid_image",
    ),
    row(ZERO_SHOT, "no labels", { inputs: image }, 400, "missing_field", "parameters"),
    row(
      ZERO_SHOT,
      "a template without {}",
      { inputs: image, parameters: { candidate_labels: labels, hypothesis_template: "a" } },
      400,
      "invalid_template",
      "parameters.hypothesis_template",
    ),
    row(FEATURES, "a text", { inputs: "a", normalize: true, truncate: true }, 200),
    row(FEATURES, "texts and a picture", { inputs: ["a", { image }] }, 200),
    row(FEATURES, "no inputs", {}, 400, "missing_field", "inputs"),
    row(FEATURES, "not normalized", { inputs: "a", normalize: false }, 400, "invalid_value", "normalize"),
    row(FEATURES, "a prompt by name", { inputs: "a", prompt_name: "q" }, 400, "invalid_value", "prompt_name"),
    row(
      FEATURES,
      "a long text that must be whole",
      { inputs: "a ".repeat(99), truncate: false },
      400,
      "too_long",
      "inputs",
    ),
    row(
      FEATURES,
      "cut on the left",
      { inputs: "a ".repeat(99), truncation_direction: "left" },
      400,
      "too_long",
      "inputs",
    ),
    row(FEATURES, "to cut on the left, but short", { inputs: "a", truncation_direction: "left" }, 200),
  ];
}
