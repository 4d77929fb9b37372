/** Reads the requests out of the reference: every operation, with every example of its body. */
import { COMPONENT, FORM, JSON_TYPE, type JsonSchema } from "../../functions/gateway/openapi/described.ts";

interface Content {
  [type: string]: { schema: JsonSchema; examples?: Record<string, { value: object }> };
}

interface Link {
  operationId: string;
  parameters: Record<string, string>;
}

interface Answer {
  $ref?: string;
  content?: Content;
  links?: Record<string, Link>;
}

interface Operation {
  operationId: string;
  parameters?: { name: string; in: string; example?: string }[];
  requestBody?: { content: Content };
  responses: Record<string, Answer>;
}

export interface Reference {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema>; responses: Record<string, Answer> };
}

export interface DocumentedRequest {
  operationId: string;
  method: string;
  path: string;
  /** Examples of the path's parameters. */
  parameters: Record<string, string>;
  /** Name of the example, or of the form. */
  example: string;
  json?: object;
  /** Fields of a form, without its files. */
  fields?: Record<string, unknown>;
  files: string[];
  /** Statuses of the answers that are no refusals. */
  statuses: string[];
  /** Operations whose path takes fields of the answer. */
  links: Link[];
}

/** In the document's order, but what makes things first, then cancellations, and deletions last. */
export function requestsOf({ paths, components }: Reference): DocumentedRequest[] {
  const requests = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]): DocumentedRequest[] => {
      const { operationId, parameters = [], requestBody, responses } = operation;
      const answers = Object.entries(responses).filter(([status]) => status.startsWith("2"));
      const common = {
        operationId,
        method: method.toUpperCase(),
        path,
        parameters: Object.fromEntries(
          parameters.flatMap(({ name, in: place, example }) =>
            place === "path" && example !== undefined ? [[name, example]] : [],
          ),
        ),
        files: [],
        statuses: answers.map(([status]) => status),
        links: answers.flatMap(([, { links = {} }]) => Object.values(links)),
      };
      if (requestBody === undefined) return [{ ...common, example: "no body" }];
      return Object.entries(requestBody.content).flatMap(
        ([type, { schema, examples = {} }]): DocumentedRequest[] => {
          if (type === JSON_TYPE) {
            return Object.entries(examples).map(([example, { value }]) => ({
              ...common,
              example,
              json: value,
            }));
          }
          return type === FORM
            ? [{ ...common, example: "form", ...formExample(schema, components.schemas) }]
            : [];
        },
      );
    }),
  );
  return requests.toSorted((a, b) => turn(a) - turn(b));
}

/** What is cancelled follows what was made at once: it may be over soon. */
function turn({ method, path, links }: DocumentedRequest): number {
  if (path.endsWith("/cancel")) return -0.5;
  // What is within another goes first.
  if (method === "DELETE") return 1 / path.split("/").length;
  return -Number(links.length > 0);
}

/**
 * @param endpoint method and address
 * @returns the statuses of its answers; undefined if the reference has no such operation
 */
export function statusesOf({ paths }: Reference, endpoint: string): string[] | undefined {
  const [method = "", address = ""] = endpoint.split(" ");
  const [path = ""] = address.split("?");
  const isOf = (template: string): boolean =>
    new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+")}$`, "u").test(path);
  const operation = Object.entries(paths).find(([template]) => isOf(template))?.[1][method.toLowerCase()];
  return operation && Object.keys(operation.responses);
}

/** What a link takes out of an answer. @returns undefined for an answer without one of these fields */
export function linked({ parameters }: Link, answer: object): Record<string, string> | undefined {
  const entries = Object.entries(parameters).map(([name, pointer]) => {
    const field = pointer.slice("$response.body#/".length);
    return [name, (answer as Record<string, string | undefined>)[field]] as const;
  });
  return entries.some(([, value]) => value === undefined)
    ? undefined
    : (Object.fromEntries(entries) as Record<string, string>);
}

function isFile({ format, items }: JsonSchema): boolean {
  return (items?.format ?? format) === "binary";
}

/** The examples and defaults of a form's fields, which is what Swagger UI fills in. */
function formExample(
  { $ref = "" }: JsonSchema,
  schemas: Record<string, JsonSchema>,
): { fields: Record<string, unknown>; files: string[] } {
  const properties = Object.entries(schemas[$ref.slice(COMPONENT.length)]?.properties ?? {});
  return {
    files: properties.filter(([, schema]) => isFile(schema)).map(([name]) => name),
    fields: Object.fromEntries(
      properties.flatMap(([name, schema]) => {
        const [value = schema["default"]] = (schema["examples"] ?? []) as unknown[];
        return value === undefined || isFile(schema) ? [] : [[name, value]];
      }),
    ),
  };
}

function isInline({ properties }: JsonSchema): boolean {
  return properties !== undefined;
}

/** Where the document has an object without a name that a generated client should have a type for. */
export function inlineObjects({ paths, components }: Reference): string[] {
  const found: string[] = [];
  const contents = (where: string, content: Content = {}): void => {
    for (const [type, { schema }] of Object.entries(content)) {
      if (isInline(schema)) found.push(`${where} (${type})`);
    }
  };
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { requestBody, responses }] of Object.entries(methods)) {
      contents(`${method} ${path}`, requestBody?.content);
      for (const [status, { content }] of Object.entries(responses))
        contents(`${method} ${path} ${status}`, content);
    }
  }
  for (const [name, { properties = {} }] of Object.entries(components.schemas)) {
    for (const [field, { items }] of Object.entries(properties)) {
      if (items !== undefined && isInline(items)) found.push(`${name}.${field}[]`);
    }
  }
  return found;
}
