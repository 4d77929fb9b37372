/**
 * null means that an optional field is absent. This is tested for each optional field of each request, inside items
 * too, as the reference lists them. So a new field is tested automatically.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { JsonSchema } from "../../functions/gateway/openapi/described.ts";
import { MAX_DEPTH } from "../../functions/gateway/schemas/fields/without-nulls.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { type Answer, post } from "../support/post.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

interface Reference {
  paths: Record<string, { post?: { requestBody?: { content: Record<string, { schema: JsonSchema }> } } }>;
  components: { schemas: Record<string, JsonSchema> };
}

/** A request with an optional field that is null, and the same without the field. */
interface Pair {
  field: string;
  withNull: unknown;
  without: unknown;
}

let workers: Workers;
let image: string;
let width: number;
/** A vector store, and a picture in it. */
let store: string;
let picture: string;
let reference: Reference;

beforeAll(async () => {
  workers = await startWorkers();
  image = await exampleBase64("fox.png");
  reference = (await (await fetch(`${workers.url}/openapi.json`)).json()) as Reference;
  const model = (await (await fetch(`${workers.url}/v1/models/edgeclip-demo`)).json()) as {
    embedding_width: number;
  };
  width = model.embedding_width;
  store = (await post(`${workers.url}/v1/vector_stores`, {})).body.id;
  picture = (await post(`${workers.url}/v1/vector_stores/${store}/files`, { image })).body.id;
});

afterAll(async () => {
  await workers.dispose();
});

/** Optional fields of which a request needs one, aliases among them: a valid request with the others null. */
const needed = (): Record<string, Record<string, unknown>> => ({
  "/v1/classify": { images: [image], labels: ["fox", "bus"] },
  "/v1/similarity": { images: [image], texts: ["fox"] },
  "/v1/label_sets": { labels: ["fox"] },
  "/v1/embeddings": { input: "a fox" },
  "/v2/embed": { texts: ["a fox"] },
  "/v1/vector_stores/{id}/files": { image },
  "/v1/vector_stores/{id}/file_batches": { file_ids: [picture] },
  "/v1/vector_stores/{id}/search": { query: "a fox" },
  "/hf/zero-shot-image-classification": { inputs: image, parameters: { candidate_labels: ["fox", "bus"] } },
});
const PICTURES = new Set(["image", "images", "url"]);

function resolved(schema: JsonSchema): JsonSchema {
  const name = schema.$ref?.split("/").at(-1);
  return name === undefined ? schema : (reference.components.schemas[name] ?? {});
}

/** The alternatives for a field, without null. */
function branches(schema: JsonSchema): JsonSchema[] {
  const { anyOf, oneOf, ...rest } = resolved(schema);
  // Beside properties, they say only which are needed.
  const options = rest.properties === undefined ? (anyOf ?? oneOf) : undefined;
  if (options === undefined) return rest.type === "null" ? [] : [rest];
  return options.flatMap((option) => branches(option));
}

/** A valid value for a field. */
function sample(schema: JsonSchema, name: string): unknown {
  const [first = {}] = branches(schema);
  const { type, const: constant, enum: options, properties = {}, required = [], items = {} } = first;
  if (constant !== undefined) return constant;
  if (options !== undefined) return options[0];
  switch ([type].flat()[0]) {
    case "object":
      return Object.fromEntries(required.map((each) => [each, sample(properties[each] ?? {}, each)]));
    case "array":
      return name === "embedding" ? Array.from({ length: width }, (_, i) => i + 1) : [sample(items, name)];
    case "number":
    case "integer":
      return 1;
    case "boolean":
      return true;
    default:
      return PICTURES.has(name) ? image : "fox";
  }
}

/** Each optional field of an object, and of the objects within it, in turn. */
function pairsOf(
  schema: JsonSchema,
  name: string,
  path: string,
  base: object = {},
  within: readonly string[] = [],
): Pair[] {
  const { $ref } = schema;
  // A filter may hold filters.
  if ($ref !== undefined && within.includes($ref)) return [];
  const around = $ref === undefined ? within : [...within, $ref];
  return branches(schema).flatMap((branch): Pair[] => {
    if (branch.items !== undefined) {
      return pairsOf(branch.items, name, `${path}[]`, {}, around).map(({ field, withNull, without }) => ({
        field,
        withNull: [withNull],
        without: [without],
      }));
    }
    if (branch.properties === undefined) return [];
    const right = { ...(sample(branch, name) as object), ...base };
    return Object.entries(branch.properties).flatMap(([key, field]): Pair[] => {
      const at = `${path}.${key}`;
      const { [key]: _, ...without } = right as Record<string, unknown>;
      const isOptional = !(branch.required ?? []).includes(key);
      const own = { field: at, withNull: { ...without, [key]: null }, without };
      const inside = pairsOf(field, key, at, {}, around).map((pair) => ({
        field: pair.field,
        withNull: { ...right, [key]: pair.withNull },
        without: { ...right, [key]: pair.without },
      }));
      return [...(isOptional ? [own] : []), ...inside];
    });
  });
}

/** The content of an answer, without its time and id. */
function said({ status, body }: Answer): unknown {
  const { id: _id, created: _created, usage: _usage, created_at: _at, last_active_at: _last, ...rest } = body;
  return { status: status === 201 ? 200 : status, ...rest };
}

it("every optional field of every request may be null", { timeout: 120_000 }, async () => {
  const covered: string[] = [];
  for (const [path, { post: operation }] of Object.entries(reference.paths)) {
    const schema = operation?.requestBody?.content["application/json"]?.schema;
    if (schema === undefined) continue;
    const url = workers.url + path.replace("{id}", store).replace("{file_id}", picture);
    for (const { field, withNull, without } of pairsOf(schema, "", path, needed()[path])) {
      const [one, other] = [await post(url, without), await post(url, withNull)];
      expect(said(other), `${field}: ${JSON.stringify(withNull).slice(0, 300)}`).toEqual(said(one));
      if (one.status < 300) covered.push(field);
      expect(field.split(/[.[]/).length, field).toBeLessThanOrEqual(MAX_DEPTH);
    }
  }
  // Skip fields of which the request needs one, because they cannot be absent.
  expect(covered.toSorted()).toEqual(
    expect.arrayContaining([
      "/hf/feature-extraction.normalize",
      "/hf/zero-shot-image-classification.model",
      "/v1/vector_stores.description",
      "/v1/vector_stores.expires_after",
      "/v1/vector_stores.file_ids",
      "/v1/vector_stores.metadata",
      "/v1/vector_stores.model",
      "/v1/vector_stores.name",
      "/v1/vector_stores/{id}.expires_after",
      "/v1/vector_stores/{id}.name",
      "/v1/vector_stores/{id}/file_batches.attributes",
      "/v1/vector_stores/{id}/file_batches.files",
      "/v1/vector_stores/{id}/files.attributes",
      "/v1/vector_stores/{id}/files.embedding",
      "/v1/vector_stores/{id}/files.file_id",
      "/v1/vector_stores/{id}/files.filename",
      "/v1/vector_stores/{id}/files.on_error",
      "/v1/vector_stores/{id}/search.content",
      "/v1/vector_stores/{id}/search.filters",
      "/v1/vector_stores/{id}/search.max_num_results",
      "/v1/vector_stores/{id}/search.ranking_options",
      "/v1/vector_stores/{id}/search.ranking_options.score_threshold",
      "/v1/classify.image",
      "/v1/classify.input",
      "/v1/classify.label",
      "/v1/classify.labels[].min_similarity",
      "/v1/classify.labels[].prompts",
      "/v1/classify.min_similarity",
      "/v1/classify.model",
      "/v1/classify.multi_label",
      "/v1/classify.negative",
      "/v1/classify.templates",
      "/v1/classify.top_k",
      "/v1/embeddings.dimensions",
      "/v1/embeddings.encoding_format",
      "/v1/embeddings.messages",
      "/v1/embeddings.model",
      "/v1/embeddings.user",
      "/v1/label_sets.labels[].min_similarity",
      "/v1/label_sets.labels[].prompts",
      "/v1/label_sets.min_similarity",
      "/v1/label_sets.name",
      "/v1/label_sets.negative",
      "/v1/label_sets.templates",
      "/v1/operator/compute_label_sets.after",
      "/v1/operator/compute_label_sets.model",
      "/v1/rerank.model",
      "/v1/rerank.return_documents",
      "/v1/rerank.top_n",
      "/v1/similarity.image",
      "/v1/similarity.model",
      "/v1/similarity.text",
      "/v2/embed.embedding_types",
      "/v2/embed.input_type",
      "/v2/embed.truncate",
    ]),
  );
});

it("a null in a list counts as an item", async () => {
  for (const [path, body, param] of [
    ["/v1/embeddings", { input: ["a", null] }, "input[1]"],
    ["/v1/classify", { image, labels: [null] }, "labels[0]"],
    ["/v1/rerank", { query: "a", documents: [null] }, "documents[0]"],
  ] as const) {
    const { status, body: answer } = await post(workers.url + path, body);
    expect([status, answer.error.code, answer.error.param]).toEqual([400, "invalid_type", param]);
  }
});

it("a required field that is null counts as missing", async () => {
  for (const [path, body, param] of [
    ["/v1/rerank", { query: null, documents: ["a"] }, "query"],
    ["/v1/similarity", { image, texts: null }, "texts"],
    ["/v1/classify", { images: null, labels: ["a"] }, "images"],
    ["/v1/label_sets", { labels: [{ label: null }] }, "labels[0].label"],
  ] as const) {
    const { status, body: answer } = await post(workers.url + path, body);
    expect([status, answer.error.code, answer.error.param]).toEqual([400, "missing_field", param]);
  }
});

it("a value nested deeper than any schema is refused like any other", async () => {
  for (const [depth, code] of [
    [90, "invalid_type"],
    [100_000, "invalid_json"],
  ] as const) {
    const deep = `${"[".repeat(depth)}${"]".repeat(depth)}`;
    const { status, body } = await post(`${workers.url}/v1/embeddings`, `{"input":${deep}}`);
    expect([status, body.error.code], String(depth)).toEqual([400, code]);
  }
});
