/** Collects the fields of a form as they arrive, and counts their memory. */
import { ServiceError } from "../../runtime/errors.ts";
import {
  fieldOf,
  formValues,
  isListField,
  looksLikeJson,
  mayHoldSeveral,
  severalTexts,
} from "./form-value.ts";
import { JsonWeight } from "../../json/json-weight.ts";
import type { Fields } from "./fields.ts";

/** Bytes of a string beyond its two bytes a character, with its place in a list. */
const VALUE_BYTES = 40;
/**
 * Limit for different fields in a form, several times as many as any endpoint has. It is needed because each name keeps
 * its part's header in memory, 8 kB.
 */
const MAX_FIELDS = 100;

interface Field {
  values: unknown[];
  /** A text that came alone and may hold several values. */
  alone: string | undefined;
}

export class FormFields {
  readonly #fields = new Map<string, Field>();

  /** Number of values that a field has so far. */
  count(name: string): number {
    return this.#fields.get(fieldOf(name))?.values.length ?? 0;
  }

  /**
   * Adds a value that is not a text, such as a picture.
   * @throws ServiceError `too_many_items` if the form has too many fields
   */
  add(name: string, value: unknown): void {
    const field = this.#field(name);
    field.alone = undefined;
    field.values.push(value);
  }

  /** @throws ServiceError `too_many_items` if the form has too many fields */
  addText(name: string, text: string): void {
    // Skip an input that was left empty.
    if (isListField(fieldOf(name)) && text.trim() === "") return;
    const field = this.#field(name);
    const values = formValues(fieldOf(name), text);
    const isFirst = field.values.length === 0 && field.alone === undefined;
    // Push one by one, not with a call spread: the client decides how many there are.
    for (const value of values) field.values.push(value);
    field.alone = isFirst && mayHoldSeveral(name) && values[0] === text ? text : undefined;
  }

  /**
   * The fields of the form. They are made from entries, not assignments, so that a field named `__proto__` is like any
   * other.
   * @throws ServiceError `invalid_json` for a malformed list of texts; `too_many_items`; `invalid_type` if a field that
   * takes one value came with several
   */
  toObject(): Fields {
    const entries = [...this.#fields].map(([name, field]): [string, unknown] => [name, valueOf(name, field)]);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  }

  /**
   * One field as it is so far; undefined without it.
   * @throws ServiceError as `toObject`
   */
  value(name: string): unknown {
    const field = this.#fields.get(name);
    return field && valueOf(name, field);
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

/** Undefined for an input that was left empty; an empty JSON list is a list. */
function valueOf(name: string, { values, alone }: Field): unknown {
  if (alone !== undefined) return severalTexts(name, alone);
  if (isListField(name)) return values;
  if (values.length === 0) return undefined;
  return isSeveral(name, values) ? values : onlyValue(name, values);
}

/**
 * The value of a field that takes one but may have come several times. Rails sends a checkbox twice; the
 * last one counts.
 * @throws ServiceError `invalid_type` for values that differ, because it is unclear which one was meant
 */
function onlyValue(name: string, values: readonly unknown[]): unknown {
  const last = values.at(-1);
  if (typeof last !== "boolean" && values.some((value) => value !== last)) {
    const message = `${name}: came ${values.length} times with different values; send it once`;
    throw new ServiceError("invalid_type", message, { param: name });
  }
  return last;
}

/**
 * True for a list in a field that need not have one: `label_set` that came several times, while a single id is none;
 * prompts of `none`, while `true` is none.
 */
function isSeveral(name: string, values: readonly unknown[]): boolean {
  if (name === "none") return values.every((value) => typeof value === "string");
  return name === "label_set" && values.length > 1;
}

/**
 * Upper limit for the memory of a field's value, its text included, bytes.
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
