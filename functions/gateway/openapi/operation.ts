/** An operation of the reference: what is particular to it, and what all of them share. */
import * as z from "zod";
import type {
  ZodOpenApiContentObject,
  ZodOpenApiOperationObject,
  ZodOpenApiParameters,
  ZodOpenApiResponseObject,
} from "zod-openapi";
import { FORM, JSON_TYPE } from "./described.ts";
import { examplesOf } from "./examples.ts";
import { errorSchema, huggingFaceErrorSchema } from "./responses.ts";

const BINARY = "application/octet-stream";

/** The groups of the reference, in its order. */
export const TAGS = {
  "Pictures and texts": "What the models compute: classification, similarity, embeddings, ranking.",
  "Other APIs":
    "Endpoints of Cohere and Hugging Face, for their clients. They ignore fields that they do not know.",
  "Label sets": "Labels that are stored once, computed once for each model, and then used by id or name.",
  Files: "OpenAI's files: pictures and lists that are uploaded once and then named by id.",
  Batches: "OpenAI's batches: thousands of requests in a file, answered within 24 hours.",
  "Vector stores":
    "OpenAI's vector stores, of pictures: they are found by words, by pictures, or by both, and by their attributes.",
  Models: "The models that the deployment serves.",
  Operation: "For those who run the deployment.",
  Health: "Whether the service works. Needs no key.",
} as const;

export interface Operation {
  id: string;
  tag: keyof typeof TAGS;
  summary: string;
  description: string;
  request?: z.ZodType;
  /** True if a form with files may be sent instead of JSON; `only` if nothing else may. */
  form?: boolean | "only";
  /** True if the answer is bytes instead of JSON. */
  binary?: boolean;
  query?: z.ZodObject;
  path?: z.ZodObject;
  /** Whose shape errors have. Default: OpenAI's. */
  errors?: "HuggingFace";
  /** Answers by status. */
  answers: Record<`${1 | 2 | 3 | 4 | 5}${string}`, [description: string, schema: z.ZodType]>;
  /** Operations whose path takes the `id` of this one's answer. */
  idFor?: readonly string[];
  /**
   * Operations whose path takes other fields of this one's answer, or more than one: fields by the path's parameters.
   */
  links?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** @param from operation whose answer has the id */
export function idPath(from: string): z.ZodObject {
  return z.object({ id: idOf(from) });
}

/** The id of what another operation made, in a path. @param field of its answer */
export function idOf(from: string, field = "id"): z.ZodString {
  return z.string().meta({ description: `The \`${field}\` in an answer of \`${from}\`` });
}

/** A refusal, by the name of its component. */
type Refusal = readonly [status: string, name: string, description: string];
const ALWAYS: Refusal[] = [
  ["405", "MethodNotAllowed", "The address does not take this method; `allow` lists those that it takes"],
];
/** Refusals of operations that need a key. */
const WITH_KEY: Refusal[] = [
  ["400", "BadRequest", "The request is wrong; `param` names the field"],
  ["401", "Unauthorized", "The API key is missing or wrong; `www-authenticate` says how to send one"],
  ["403", "Forbidden", "The account has reached its limit, or the page's origin is not allowed"],
  ["404", "NotFound", "The address, model, label set, file, batch or vector store does not exist"],
  ["429", "TooManyRequests", "Too many requests; `retry-after` says when to try again"],
  ["503", "Unavailable", "Cannot answer at present; `retry-after` says when to try again"],
];
const WITH_BODY: Refusal[] = [
  ["413", "RequestTooLarge", "The request's body is too large"],
  ["415", "UnsupportedMediaType", "The request's body is of another type, or compressed"],
];
const retryAfter = { "retry-after": { schema: { type: "integer" }, description: "Seconds" } } as const;
/** Headers of refusals, by status. */
const HEADERS: Readonly<Record<string, ZodOpenApiResponseObject["headers"]>> = {
  "401": { "www-authenticate": { schema: { type: "string", const: "Bearer" }, description: "RFC 6750" } },
  "429": retryAfter,
  "503": retryAfter,
};

export function operation({
  id,
  tag,
  summary,
  description,
  request,
  form,
  binary = false,
  query,
  path,
  errors,
  answers,
  idFor = [],
  links: others = {},
}: Operation): ZodOpenApiOperationObject {
  const needsKey = tag !== "Health";
  const refusals = [...ALWAYS, ...(needsKey ? WITH_KEY : []), ...(request === undefined ? [] : WITH_BODY)];
  const byField = {
    ...Object.fromEntries(idFor.map((operationId) => [operationId, { id: "id" }])),
    ...others,
  };
  const links = Object.fromEntries(
    Object.entries(byField).map(([operationId, fields]) => [
      operationId,
      { operationId, parameters: pointersTo(fields) },
    ]),
  );
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    ...(needsKey ? {} : { security: [] }),
    ...(request === undefined
      ? {}
      : { requestBody: { required: true, content: contentOf(id, request, form) } }),
    ...(query === undefined && path === undefined ? {} : { requestParams: parametersOf(query, path) }),
    responses: {
      ...Object.fromEntries(refusals.map((refusal) => [refusal[0], refused(refusal, errors)])),
      ...Object.fromEntries(
        Object.entries(answers).map(([status, [text, schema]]) => [
          status,
          {
            description: text,
            content: { [binary ? BINARY : JSON_TYPE]: { schema } },
            ...(status.startsWith("2") && Object.keys(links).length > 0 ? { links } : {}),
          },
        ]),
      ),
    },
  };
}

function pointersTo(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([parameter, field]) => [parameter, `$response.body#/${field}`]),
  );
}

function contentOf(id: string, request: z.ZodType, form: Operation["form"]): ZodOpenApiContentObject {
  return {
    ...(form === "only" ? {} : { [JSON_TYPE]: { schema: request, examples: examplesOf(id).json } }),
    ...(form ? { [FORM]: { schema: request } } : {}),
  };
}

function parametersOf(query: z.ZodObject | undefined, path: z.ZodObject | undefined): ZodOpenApiParameters {
  return { ...(query && { query }), ...(path && { path }) };
}

/** Refusals are components, so that the document has each of them once. */
const made = new Map<string, ZodOpenApiResponseObject>();

function refused(
  [status, kind, description]: Refusal,
  errors: Operation["errors"],
): ZodOpenApiResponseObject {
  const name = `${errors ?? ""}${kind}`;
  const known = made.get(name);
  if (known !== undefined) return known;
  const response: ZodOpenApiResponseObject = {
    id: name,
    description,
    ...(HEADERS[status] && { headers: HEADERS[status] }),
    content: { [JSON_TYPE]: { schema: errors === undefined ? errorSchema : huggingFaceErrorSchema } },
  };
  made.set(name, response);
  return response;
}
