/** The parts of an OpenAPI document that are changed after it was made from the schemas. */

export const JSON_TYPE = "application/json";
export const FORM = "multipart/form-data";
/** A reference to a schema begins with it; the schema's name follows. */
export const COMPONENT = "#/components/schemas/";

/** The part of JSON Schema that requests use. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  [other: string]: unknown;
}

export interface Described {
  paths?: Record<
    string,
    Record<
      string,
      { operationId?: string; requestBody?: { content: Record<string, { schema: JsonSchema }> } }
    >
  >;
  components?: { schemas?: Record<string, JsonSchema> };
}
