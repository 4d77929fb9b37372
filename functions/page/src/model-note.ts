/** A line about a model, to help with the choice: its accuracy and its size. */
import type { Model } from "./api/types.ts";

/** Remarks that the API does not give. */
const REMARKS: Readonly<Record<string, string>> = {
  "edgeclip/demo": "A demonstration: it knows pictograms, not photographs.",
};

export function remarkOn({ id }: Model): string {
  return REMARKS[id] ?? "";
}

export function modelNote({ image_size, parameters, imagenet_zero_shot, bytes }: Model): string {
  const figures = [
    ...(imagenet_zero_shot === null ? [] : [`${imagenet_zero_shot} % on ImageNet, zero-shot`]),
    ...(parameters === null ? [] : [`${Math.round(parameters / 1e6)} million parameters`]),
    `${Math.round(bytes / 1e6)} MB`,
    `${image_size} px`,
  ];
  return figures.join(" · ");
}
