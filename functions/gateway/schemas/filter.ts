/** Filters of a search: OpenAI's comparisons of attributes, and compounds of them. */
import * as z from "zod";
import type { Compound, Filter } from "../../vector-stores/filter.ts";
import {
  MAX_FILTER_DEPTH,
  MAX_FILTERS,
  MAX_FILTER_VALUES,
  MAX_METADATA_KEY,
  MAX_METADATA_VALUE,
} from "../limits.ts";
import { list } from "./list.ts";
import { shortString } from "./short-string.ts";

const key = shortString(MAX_METADATA_KEY).meta({ description: "Of the attribute" });
const text = shortString(MAX_METADATA_VALUE);
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
      z.lazy(() => anyFilter),
      { error: "must be a list of filters" },
    ).min(1, "at least one filter is needed"),
  })
  .meta({ id: "CompoundFilter" });

const anyFilter: z.ZodType<Filter> = z.discriminatedUnion(
  "type",
  [equality, order, membership, compound as never],
  {
    error: (issue) =>
      issue.code === "invalid_union"
        ? 'must be "eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "and" or "or"'
        : "must be a filter: an object with a type",
  },
);

/** Counted before anything else is looked at: JSON may be nested as deep as a body is long. */
function sizeOf(given: unknown): { depth: number; count: number } {
  let depth = 0;
  let count = 0;
  let level: unknown[] = [given];
  while (level.length > 0 && depth <= MAX_FILTER_DEPTH && count <= MAX_FILTERS) {
    depth += 1;
    count += level.length;
    level = level.flatMap((each) => {
      const { filters } = (each ?? {}) as { filters?: unknown };
      return Array.isArray(filters) ? filters.slice(0, MAX_FILTERS + 1) : [];
    });
  }
  return { depth, count };
}

export const filterSchema = z
  .unknown()
  .superRefine((given, context) => {
    const { depth, count } = sizeOf(given);
    if (depth <= MAX_FILTER_DEPTH && count <= MAX_FILTERS) return;
    const message =
      depth > MAX_FILTER_DEPTH
        ? `filters are nested at most ${MAX_FILTER_DEPTH} deep`
        : `at most ${MAX_FILTERS} filters together`;
    context.addIssue({ code: "custom", message, params: { code: "too_many_items" }, continue: false });
  })
  .pipe(anyFilter);
