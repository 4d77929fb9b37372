/**
 * Describes forms. The same schema validates JSON and forms, but their fields differ: a form's files are files, its
 * lists are repeated fields of text, and what is an object in JSON is written with brackets.
 */
import { COMPONENT, type Described, FORM, type JsonSchema } from "./described.ts";
import { examplesOf } from "./examples.ts";

const FILE = { type: "string", format: "binary" };
/** The field of JSON that holds pictures, and the field of a form that does. */
const [PICTURES, PICTURE] = ["images", "image"] as const;

/** An input that was left empty is no field. Otherwise Swagger UI would fill it with an example of its own. */
const LEFT_EMPTY = new Map<string, JsonSchema>([
  ["string", { default: "" }],
  ["array", { default: [] }],
]);

/** Gives each form a schema of its own, `…Form`, and takes files out of JSON. @param document changed in place */
export function describeForms({ paths = {}, components }: Described): void {
  const schemas = components?.schemas ?? {};
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  for (const { operationId = "", requestBody } of operations) {
    const form = requestBody?.content[FORM];
    if (form === undefined) continue;
    const name = (form.schema.$ref ?? "").slice(COMPONENT.length);
    const formName = name.replace(/Request$/, "Form");
    schemas[formName] = formOf(schemas[name] ?? {}, examplesOf(operationId).form);
    form.schema = { $ref: COMPONENT + formName };
    if (Object.keys(requestBody?.content ?? {}).length === 1) delete schemas[name];
  }
  for (const schema of Object.values(schemas)) {
    if (schema.anyOf !== undefined) schema.anyOf = schema.anyOf.filter(({ format }) => format !== "binary");
  }
}

function formOf(
  { properties = {}, required = [], ...rest }: JsonSchema,
  examples: Record<string, unknown>,
): JsonSchema {
  const needed = required.map((name) => (name === PICTURES ? PICTURE : name));
  const shown = (name: string, schema: JsonSchema): JsonSchema => {
    if (name in examples) return { ...schema, examples: [examples[name]] };
    const hasValue = needed.includes(name) || schema.enum !== undefined || "default" in schema;
    if (hasValue) return schema;
    const { minItems: _least, ...mayBeEmpty } = schema;
    return { ...mayBeEmpty, ...LEFT_EMPTY.get(String(schema.type)) };
  };
  const fields = Object.entries(properties)
    .flatMap(([name, schema]) => fieldsOf(name, schema))
    .map(([name, schema]) => [name, shown(name, schema)]);
  return { ...rest, properties: Object.fromEntries(fields) as Record<string, JsonSchema>, required: needed };
}

function fieldsOf(name: string, schema: JsonSchema): [name: string, schema: JsonSchema][] {
  if (name === PICTURES) {
    const { items: _items, ...list } = schema;
    return [[PICTURE, { ...list, description: "Files; the field may be repeated", items: FILE }]];
  }
  const { type, anyOf = [], properties } = schema;
  const list = type === "array" ? schema : anyOf.find((option) => option.type === "array");
  if (list !== undefined) {
    const { items: _items, anyOf: _options, minItems: _least, ...kept } = { ...list, ...schema };
    return [[name, { ...kept, type: "array", items: { type: "string" } }]];
  }
  if (properties === undefined) return [[name, schema]];
  return Object.entries(properties).map(([inner, value]) => [`${name}[${inner}]`, value]);
}
