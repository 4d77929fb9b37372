/** Rows, attributes and filters at random, from a seed. */
import { unitVector } from "../../support/random.ts";
import { quantizeRow } from "../../../functions/vector-stores/quantize-row.ts";
import type { Comparison, Filter } from "../../../functions/vector-stores/filter.ts";
import type { Attributes, AttributeValue } from "../../../functions/vector-stores/stored-picture.ts";
import type { OpenRow } from "../../../functions/vector-stores/store-state-rpc.ts";

type Random = () => number;

function pick<T>(random: Random, among: readonly T[]): T {
  return among[Math.floor(random() * among.length)] as T;
}

const KEYS = ["colour", "year", "sold", "größe", "\uFEFFcolour", "__proto__", "constructor", ""];
/** Values of every type, near each other and alike in other types. */
const VALUES: AttributeValue[] = [
  0,
  1,
  -1,
  1.5,
  1e300,
  true,
  false,
  "",
  "1",
  "true",
  "red",
  "Red",
  "😀",
  "￿",
  "rot",
  "\uFEFF",
  "\uFEFFred",
];

function randomAttributes(random: Random): Attributes {
  const keys = KEYS.filter(() => random() < 0.4);
  // JSON.parse makes properties of its own of all names.
  return JSON.parse(
    JSON.stringify(fromEntries(keys.map((key) => [key, pick(random, VALUES)]))),
  ) as Attributes;
}

function fromEntries(entries: [string, AttributeValue][]): Attributes {
  const made = Object.create(null) as Attributes;
  for (const [key, value] of entries) made[key] = value;
  return made;
}

export function randomFilter(random: Random, depth = 3): Filter {
  if (depth > 1 && random() < 0.5) {
    const filters = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
      randomFilter(random, depth - 1),
    );
    return { type: pick(random, ["and", "or"] as const), filters };
  }
  const type = pick(random, ["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"] as const);
  const key = pick(random, [...KEYS, "absent"]);
  const some = VALUES.filter(() => random() < 0.3);
  const ordered = VALUES.filter((each) => typeof each !== "boolean");
  const one = pick(random, type === "eq" || type === "ne" ? VALUES : ordered);
  const value = type === "in" || type === "nin" ? some : one;
  return { type, key, value } as Comparison;
}

/** Rows with the numbers 1, 2, … × `step`. */
export function randomRows(count: number, width: number, random: Random, step = 1): OpenRow[] {
  return Array.from({ length: count }, (_, i) => ({
    number: step * (i + 1),
    row: quantizeRow(unitVector(width, random)),
    attributes: randomAttributes(random),
  }));
}
