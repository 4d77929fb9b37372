/**
 * Documents in OpenAPI what `schemas/fields/without-nulls.ts` does: in a request's body, null means that an optional field is
 * absent.
 */

import { COMPONENT, type Described, FORM, type JsonSchema } from "./described.ts";

/** @param document changed in place */
export function acceptNulls({ paths = {}, components }: Described): void {
  const seen = new Set<JsonSchema>();
  const visit = (schema: JsonSchema): void => {
    if (seen.has(schema)) return;
    seen.add(schema);
    const { $ref, properties = {}, required = [], items, anyOf = [], oneOf = [] } = schema;
    const referred = $ref === undefined ? undefined : components?.schemas?.[$ref.slice(COMPONENT.length)];
    const parts = [...Object.values(properties), ...anyOf, ...oneOf];
    for (const part of [...parts, ...(items === undefined ? [] : [items])]) visit(part);
    if (referred !== undefined) visit(referred);
    for (const [name, field] of Object.entries(properties)) {
      if (!required.includes(name)) properties[name] = orNull(field);
    }
  };
  for (const operations of Object.values(paths)) {
    for (const { requestBody } of Object.values(operations)) {
      for (const [type, { schema }] of Object.entries(requestBody?.content ?? {})) {
        // A form has no null.
        if (type !== FORM) visit(schema);
      }
    }
  }
}

function orNull(schema: JsonSchema): JsonSchema {
  const { type, anyOf } = schema;
  const isFixed = schema.enum !== undefined || schema.const !== undefined;
  if (typeof type === "string" && !isFixed) return { ...schema, type: [type, "null"] };
  if (anyOf !== undefined) return { ...schema, anyOf: [...anyOf, { type: "null" }] };
  const { description, default: fallback, ...rest } = schema;
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [rest, { type: "null" }],
  };
}
