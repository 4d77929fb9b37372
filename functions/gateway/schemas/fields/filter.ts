/** Filters of a search: OpenAI's comparisons of attributes, and compounds of them. */
import * as z from "zod";
import { ServiceError } from "../../../runtime/errors.ts";
import type { Compound, Filter } from "../../../vector-stores/filter.ts";
import {
  MAX_FILTER_COMPARISONS,
  MAX_FILTER_DEPTH,
  MAX_FILTER_VALUES,
} from "../../../vector-stores/store-limits.ts";
import { MAX_METADATA_KEY, MAX_METADATA_VALUE } from "../../limits.ts";
import { list } from "./list.ts";
import { wellFormedString } from "./short-string.ts";

const key = wellFormedString(MAX_METADATA_KEY).meta({ description: "The attribute's name" });
const text = wellFormedString(MAX_METADATA_VALUE);
const value = z.union([text, z.number(), z.boolean()], {
  error: "must be a string, a number, or true or false",
});
const WITHOUT = "A picture without the attribute";

const equality = z
  .object({ type: z.enum(["eq", "ne"]), key, value })
  .meta({ id: "EqualityFilter", description: `${WITHOUT} differs from every value` });

const order = z
  .object({
    type: z.enum(["gt", "gte", "lt", "lte"]),
    key,
    value: z.union([text, z.number()], { error: "must be a number or a string: nothing else has an order" }),
  })
  .meta({
    id: "OrderFilter",
    description: `Numbers are compared with numbers, strings with strings by UTF-16 code units. ${WITHOUT}, or with one of another type, does not match`,
  });

const membership = z
  .object({
    type: z.enum(["in", "nin"]),
    key,
    value: list(value, { error: "must be a list of values" })
      .min(1, "at least one value is needed")
      .max(MAX_FILTER_VALUES, `at most ${MAX_FILTER_VALUES} values`),
  })
  .meta({ id: "MembershipFilter", description: `${WITHOUT} is in no list` });

const compound: z.ZodType<Compound> = z
  .object({
    type: z.enum(["and", "or"]),
    filters: list(
      z.lazy(() => filterSchema),
      { error: "must be a list of filters" },
    ).min(1, "at least one filter is needed"),
  })
  .meta({ id: "CompoundFilter" });

export const filterSchema: z.ZodType<Filter> = z
  .discriminatedUnion("type", [equality, order, membership, compound as never], {
    error: (issue) =>
      issue.code === "invalid_union"
        ? 'must be "eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "and" or "or"'
        : "must be a filter: an object with a type",
  })
  .meta({ id: "Filter" });

/** JSON may be nested as deep as a body is long, so it stops at what is too much. */
function sizeOf(given: unknown): { depth: number; comparisons: number } {
  let [depth, comparisons] = [0, 0];
  for (let level = [given]; level.length > 0 && depth <= MAX_FILTER_DEPTH; depth++) {
    const compounds = level.flatMap((each) => {
      const { filters } = (each ?? {}) as { filters?: unknown };
      return Array.isArray(filters) ? [filters as unknown[]] : [];
    });
    comparisons += level.length - compounds.length;
    if (comparisons > MAX_FILTER_COMPARISONS) break;
    level = compounds.flatMap((filters) => filters.slice(0, MAX_FILTER_COMPARISONS + 1));
  }
  return { depth, comparisons };
}

/**
 * Call it before anything reads the filters: what is nested too deep would end in the middle of it.
 * @throws ServiceError `too_many_items`
 */
export function refuseDeepFilters(filters: unknown): void {
  const { depth, comparisons } = sizeOf(filters);
  const param = "filters";
  if (depth > MAX_FILTER_DEPTH) {
    throw new ServiceError("too_many_items", `${param} are nested at most ${MAX_FILTER_DEPTH} deep`, {
      param,
    });
  }
  if (comparisons > MAX_FILTER_COMPARISONS) {
    const message = `${param}: at most ${MAX_FILTER_COMPARISONS} comparisons together`;
    throw new ServiceError("too_many_items", message, { param });
  }
}
