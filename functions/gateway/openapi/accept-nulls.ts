/**
 * Documents in OpenAPI what `schemas/without-nulls.ts` does: in a request's body, null means that an optional field is
 * absent.
 */

/** The part of JSON Schema that requests use. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  [other: string]: unknown;
}

interface Document {
  paths?: Record<
    string,
    Record<string, { requestBody?: { content: Record<string, { schema: JsonSchema }> } }>
  >;
  components?: { schemas?: Record<string, JsonSchema> };
}

const COMPONENT = "#/components/schemas/";

/** @param document changed in place */
export function acceptNulls(document: object): void {
  const { paths = {}, components } = document as Document;
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
      for (const { schema } of Object.values(requestBody?.content ?? {})) visit(schema);
    }
  }
}

function orNull(schema: JsonSchema): JsonSchema {
  const { type, anyOf } = schema;
  if (typeof type === "string" && schema.enum === undefined) return { ...schema, type: [type, "null"] };
  if (anyOf !== undefined) return { ...schema, anyOf: [...anyOf, { type: "null" }] };
  const { description, default: fallback, ...rest } = schema;
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [rest, { type: "null" }],
  };
}
