/** Documents what `foldAliases` does: other names for a list, and a single value instead of one. */
import { IMAGE_ALIASES, LABEL_ALIASES, PICTURE_ALIASES, TEXT_ALIASES } from "../body/fields.ts";
import type { Described, JsonSchema } from "./described.ts";

/** The names of each request's lists, the first of which is the schema's own. */
const ALIASES: Record<string, readonly (readonly [string, ...string[]])[]> = {
  ClassifyRequest: [IMAGE_ALIASES, LABEL_ALIASES],
  SimilarityRequest: [IMAGE_ALIASES, TEXT_ALIASES],
  AddVectorStoreFilesRequest: [PICTURE_ALIASES],
  SearchVectorStoreRequest: [PICTURE_ALIASES],
  CreateLabelSetRequest: [LABEL_ALIASES],
};

/** @param document changed in place */
export function describeAliases({ components }: Described): void {
  for (const [request, groups] of Object.entries(ALIASES)) {
    const schema = components?.schemas?.[request];
    if (schema === undefined) throw new Error(`the reference has no schema ${request}`);
    for (const names of groups) addAliases(schema, names);
  }
}

function addAliases(schema: JsonSchema, [name, ...others]: readonly [string, ...string[]]): void {
  const { properties = {}, required = [] } = schema;
  const { description, ...list } = properties[name] ?? {};
  const oneOrMore = { anyOf: [list, list.items ?? {}] };
  const isNeeded = required.includes(name);
  const entries = Object.entries(properties).flatMap(([field, value]) =>
    field === name
      ? [
          [name, { description: [description, "One or a list."].filter(Boolean).join(". "), ...oneOrMore }],
          ...others.map((other) => [other, { description: `Another name for \`${name}\``, ...oneOrMore }]),
        ]
      : [[field, value]],
  );
  schema.properties = Object.fromEntries(entries) as Record<string, JsonSchema>;
  if (!isNeeded) return;
  schema.required = required.filter((field) => field !== name);
  // In `allOf`, because generators make a type that allows anything of an `anyOf` beside `properties`.
  const already = (schema["allOf"] ?? []) as JsonSchema[];
  schema["allOf"] = [...already, { anyOf: [name, ...others].map((field) => ({ required: [field] })) }];
}
