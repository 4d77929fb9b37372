/** A set of labels as its owner defines it, independent of any model. */
import { sha256Hex } from "../../model-shards/sha256.ts";
import type { Prompts } from "../embed/compute-prompts.ts";
import { freeBuffer } from "../runtime/bytes/free-buffer.ts";
import { jsonInSteps } from "../json/json-in-steps.ts";
import type { Pauses } from "../runtime/sharing/pauses.ts";

export interface LabelDefinition {
  label: string;
  /** Used unchanged, instead of the templates. */
  prompts?: readonly string[] | undefined;
  /** The label is left out if its cosine is lower. */
  min_similarity?: number | undefined;
  /** Pictures of the label, which teach it. */
  examples?: readonly ExampleDefinition[] | undefined;
}

/** An example, by its content. */
export interface ExampleDefinition {
  /** SHA-256 of the picture's file, or of the vector: unit length, float32, little-endian. Hexadecimal. */
  sha256: string;
  /** Revision of the model that the vector is from; absent for a picture. */
  revision?: string;
}

export interface LabelSetDefinition {
  labels: readonly LabelDefinition[];
  /** Templates, each with one `{}`. */
  templates: readonly string[];
  /** Texts that describe pictures without any of the labels; for `multi_label`. */
  negative: readonly string[];
  /** Threshold for labels that have none of their own. */
  min_similarity: number | null;
}

/** Default negatives for `multi_label`. */
export const DEFAULT_NEGATIVE = ["a photo."];

/** Hexadecimal digits of an id: 128 bits. */
const ID_DIGITS = 32;
const ID = new RegExp(`^ls_[0-9a-f]{${ID_DIGITS}}$`);

/** The prompts of each vector of the set, in order: the labels, then the negatives. */
export function* promptsOfSet({ labels, templates, negative }: LabelSetDefinition): Generator<Prompts> {
  for (const { label, prompts } of labels) {
    yield prompts ?? templates.map((template) => fillTemplate(template, label));
  }
  for (const text of negative) yield [text];
}

/** Puts a label into a template. */
export function fillTemplate(template: string, label: string): string {
  // Replace with a function, so that `$&` in a label is not read as a replacement pattern.
  return template.replace("{}", () => label);
}

/** Number of the labels' prompts. A label in templates has one prompt for each template. */
export function countPrompts({ labels, templates }: LabelSetDefinition): number {
  return labels.reduce((sum, { prompts }) => sum + (prompts?.length ?? templates.length), 0);
}

/** Index of each example's label, in the order of the examples' vectors. */
export function labelsOfExamples({ labels }: Pick<LabelSetDefinition, "labels">): number[] {
  return labels.flatMap(({ examples = [] }, label) => examples.map(() => label));
}

/** UTF-16 code units of the labels' prompts. */
export function countCharacters({ labels, templates }: LabelSetDefinition): number {
  const around = templates.reduce((sum, template) => sum + template.length, 0);
  return labels.reduce(
    (sum, { label, prompts }) =>
      sum +
      (prompts?.reduce((length, prompt) => length + prompt.length, 0) ??
        around + templates.length * label.length),
    0,
  );
}

/** `ls_…`: always the same for the same owner and set, independent of the model. */
export async function labelSetId(
  account: string,
  definition: LabelSetDefinition,
  pauses?: Pauses,
): Promise<string> {
  const thresholds = [
    definition.min_similarity,
    definition.labels.map(({ min_similarity }) => min_similarity ?? null),
  ];
  const digits = await digest([account, ...content(definition), thresholds], pauses);
  return `ls_${digits.slice(0, ID_DIGITS)}`;
}

/** True if the id has the form that `labelSetId` gives. */
export function isLabelSetId(id: string): boolean {
  return ID.test(id);
}

/**
 * A name for the vectors of a set. Thresholds and the owner do not change it, because they do not change the vectors.
 */
export async function vectorsKey(definition: LabelSetDefinition, pauses: Pauses): Promise<string> {
  return await digest(content(definition), pauses);
}

function content({ labels, templates, negative }: LabelSetDefinition): unknown[] {
  // Sets without examples keep the ids that they had before there were any.
  const contents = labels.map(({ label, prompts, examples }) =>
    examples === undefined
      ? [label, prompts ?? null]
      : [label, prompts ?? null, examples.map(({ sha256, revision = null }) => [sha256, revision])],
  );
  return [contents, templates, negative];
}

async function digest(value: object, pauses: Pauses | undefined): Promise<string> {
  const json = await jsonInSteps(value, pauses);
  const digits = await sha256Hex(json);
  freeBuffer(json);
  return digits;
}
