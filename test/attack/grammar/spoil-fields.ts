/** Spoils the fields of a valid request: changes an inner value, removes, adds or wraps a field. */
import type { Dice } from "./dice.ts";
import { hostileKey, hostileValue } from "./hostile-values.ts";

const FIELDS = [
  "model",
  "image",
  "images",
  "input",
  "labels",
  "label",
  "label_set",
  "templates",
  "texts",
  "text",
  "messages",
  "query",
  "documents",
  "top_k",
  "top_n",
  "limit",
  "file_id",
  "file_ids",
  "files",
  "embedding",
  "content",
  "attributes",
  "filters",
  "max_num_results",
  "metadata",
  "expires_after",
  "purpose",
  "input_file_id",
  "inputs",
  "parameters",
];

/** @returns the fields, spoiled in one to three places */
export function spoilFields(dice: Dice, fields: Record<string, unknown>): Record<string, unknown> {
  const spoiled = structuredClone(fields);
  for (let times = 1 + dice.number(3); times > 0; times--) spoilOne(dice, spoiled);
  return spoiled;
}

function spoilOne(dice: Dice, fields: Record<string, unknown>): void {
  const { holder, key } = somewhere(dice, fields);
  switch (dice.number(6)) {
    case 0:
      // Not `splice`: it reads the list's constructor, which may have been spoiled.
      if (Array.isArray(holder)) holder.copyWithin(Number(key), Number(key) + 1).length--;
      else delete (holder as Record<string, unknown>)[key];
      break;
    case 1:
      put(fields, dice.pick(FIELDS), hostileValue(dice));
      break;
    case 2:
      put(holder, hostileKey(dice), hostileValue(dice));
      break;
    case 3: {
      const value: unknown = Reflect.get(holder, key);
      put(holder, key, dice.pick([[value], { value }, [[value]], JSON.stringify(value), { [key]: value }]));
      break;
    }
    default:
      put(holder, key, hostileValue(dice));
  }
}

/** An object or list within the fields, and one of its keys. */
function somewhere(dice: Dice, fields: Record<string, unknown>): { holder: object; key: string } {
  let holder: object = fields;
  let key = dice.pick([...Object.keys(fields), "model"]);
  for (;;) {
    const inner: unknown = Reflect.get(holder, key);
    if (typeof inner !== "object" || inner === null) break;
    const keys = Object.keys(inner);
    // Avoid descending into the hundreds of values of a vector every time.
    if (keys.length === 0 || dice.chance(0.4)) break;
    holder = inner;
    key = dice.pick(keys);
  }
  return { holder, key };
}

/** Like JSON.parse: a key `__proto__` is an ordinary key. */
function put(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}
