/** A set of labels as its owner defines it, before any model has seen it. */
import { sha256Hex } from "../runtime/sha256-hex.ts";
import type { Prompts } from "../embed/compute-prompts.ts";
import { jsonInSteps } from "../runtime/json-in-steps.ts";
import type { Pauses } from "../runtime/pauses.ts";

export interface LabelDefinition {
  label: string;
  /** Used as they are, in place of templates. */
  prompts?: readonly string[] | undefined;
  /** Cosine below which the label is left out. */
  min_similarity?: number | undefined;
}

export interface LabelSetDefinition {
  labels: readonly LabelDefinition[];
  /** Each with one `{}`. */
  templates: readonly string[];
  /** What a picture shows if it shows none of the labels; for `multi_label`. */
  negative: readonly string[];
  /** For labels that have none of their own. */
  min_similarity: number | null;
}

/** What a picture is compared with under `multi_label` where nobody says. */
export const DEFAULT_NEGATIVE = ["a photo."];

/** Hexadecimal digits of an id: 128 bits. */
const ID_DIGITS = 32;
const ID = new RegExp(`^ls_[0-9a-f]{${ID_DIGITS}}$`);

/** All that makes a vector of the set, one by one: the labels' prompts in order, then the negatives. */
export function* promptsOfSet({ labels, templates, negative }: LabelSetDefinition): Generator<Prompts> {
  for (const { label, prompts } of labels) {
    yield prompts ?? templates.map((template) => fillTemplate(template, label));
  }
  for (const text of negative) yield [text];
}

/** The template around a label. */
export function fillTemplate(template: string, label: string): string {
  // A function, so that `$&` in a label is not taken for a replacement pattern.
  return template.replace("{}", () => label);
}

/** Prompts of the labels; templates count once a label. */
export function countPrompts({ labels, templates }: LabelSetDefinition): number {
  return labels.reduce((sum, { prompts }) => sum + (prompts?.length ?? templates.length), 0);
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

/** `ls_…`, the same whenever the same owner defines the same set, whatever the model. */
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

/** Whether `labelSetId` may have made it. */
export function isLabelSetId(id: string): boolean {
  return ID.test(id);
}

/** Names the vectors of a set: thresholds have no part in them, nor does its owner. */
export async function vectorsKey(definition: LabelSetDefinition, pauses: Pauses): Promise<string> {
  return await digest(content(definition), pauses);
}

function content({ labels, templates, negative }: LabelSetDefinition): unknown[] {
  return [labels.map(({ label, prompts }) => [label, prompts ?? null]), templates, negative];
}

async function digest(value: object, pauses: Pauses | undefined): Promise<string> {
  return await sha256Hex(await jsonInSteps(value, pauses));
}
