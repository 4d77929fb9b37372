/** The fields of a form, as they come: what each holds, and what all of them weigh. */
import { ServiceError } from "../../runtime/errors.ts";
import {
  fieldOf,
  formValues,
  isListField,
  looksLikeJson,
  mayHoldSeveral,
  severalTexts,
} from "./form-value.ts";
import { JsonWeight } from "./json-weight.ts";
import type { Fields } from "./fields.ts";

/** Bytes in memory of a string besides its two bytes a character, and of its place in a list. */
const VALUE_BYTES = 40;
/** Different fields of a form: several times as many as any endpoint has. A name keeps its part's header in memory, 8 kB. */
const MAX_FIELDS = 100;

interface Field {
  values: unknown[];
  /** A text that came alone and may hold several. */
  alone: string | undefined;
}

export class FormFields {
  readonly #fields = new Map<string, Field>();

  /** How many values a field has by now. */
  count(name: string): number {
    return this.#fields.get(fieldOf(name))?.values.length ?? 0;
  }

  /**
   * A value that is not a text, such as a picture.
   * @throws ServiceError `too_many_items` for one field too many
   */
  add(name: string, value: unknown): void {
    const field = this.#field(name);
    field.alone = undefined;
    field.values.push(value);
  }

  /** @throws ServiceError `too_many_items` for one field too many */
  addText(name: string, text: string): void {
    // One of several inputs, or the one, was left empty.
    if (isListField(fieldOf(name)) && text.trim() === "") return;
    const field = this.#field(name);
    const values = formValues(fieldOf(name), text);
    const isFirst = field.values.length === 0 && field.alone === undefined;
    // One by one: a client decides how many.
    for (const value of values) field.values.push(value);
    field.alone = isFirst && mayHoldSeveral(name) && values[0] === text ? text : undefined;
  }

  /**
   * Entries rather than assignments: a field named `__proto__` is then a field like any other.
   * @throws ServiceError `invalid_json` for a list of texts that is not right, `too_many_items`, `invalid_type` for a field
   * that came with several values and has one
   */
  toObject(): Fields {
    const entries: [string, unknown][] = [];
    for (const [name, { values, alone }] of this.#fields) {
      // An empty JSON list is one, an input that was left empty is nothing.
      if (values.length === 0 && !isListField(name)) continue;
      if (alone !== undefined) entries.push([name, severalTexts(name, alone)]);
      else if (isListField(name) || isSeveralSets(name, values)) entries.push([name, values]);
      else entries.push([name, onlyValue(name, values)]);
    }
    return Object.fromEntries(entries);
  }

  #field(name: string): Field {
    const canonical = fieldOf(name);
    const known = this.#fields.get(canonical);
    if (known !== undefined) return known;
    if (this.#fields.size >= MAX_FIELDS) {
      throw new ServiceError("too_many_items", `a form has at most ${MAX_FIELDS} different fields`);
    }
    const field: Field = { values: [], alone: undefined };
    this.#fields.set(canonical, field);
    return field;
  }
}

/**
 * Of a field that holds one value and may have come more than once. Rails sends a checkbox twice, and means the last.
 * @throws ServiceError `invalid_type` for values that differ: nobody can say which was meant
 */
function onlyValue(name: string, values: readonly unknown[]): unknown {
  const last = values.at(-1);
  if (typeof last !== "boolean" && values.some((value) => value !== last)) {
    const message = `${name}: came ${values.length} times with different values; send it once`;
    throw new ServiceError("invalid_type", message, { param: name });
  }
  return last;
}

/** A set alone is itself, several are a list. */
function isSeveralSets(name: string, values: readonly unknown[]): boolean {
  return name === "label_set" && values.length > 1;
}

/**
 * Bytes that a field's value takes at the most, its text included.
 * @throws ServiceError `invalid_json` for JSON that is nested too deep
 */
export function weightOfText(bytes: Uint8Array): number {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 64));
  const plain = VALUE_BYTES + 4 * bytes.length;
  if (!looksLikeJson(start) && start.trim() !== "") return plain;
  const weight = new JsonWeight();
  weight.add(bytes);
  return plain + weight.values;
}
