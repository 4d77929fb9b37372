/**
 * The API's reference: valid, complete, correct for real answers, with examples that work. `test/clients` makes
 * clients from it.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as compatible from "../../functions/gateway/openapi/compatible-responses.ts";
import * as fileResponses from "../../functions/gateway/openapi/file-responses.ts";
import * as setResponses from "../../functions/gateway/openapi/label-set-responses.ts";
import * as responses from "../../functions/gateway/openapi/responses.ts";
import * as storeResponses from "../../functions/gateway/openapi/vector-store-responses.ts";
import { inlineObjects, linked, requestsOf, type Reference } from "./documented-requests.ts";
import { uploadFile } from "../files/support/upload-file.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

interface Document extends Reference {
  servers: { url: string }[];
}

let workers: Workers;
let document: Document;

beforeAll(async () => {
  workers = await startWorkers();
  document = (await (await fetch(`${workers.url}/openapi.json`)).json()) as Document;
});

afterAll(async () => {
  await workers.dispose();
});

/** A form as a person would send it: each list as a repeated field, and a picture for each file. */
function formOf(
  fields: Record<string, unknown>,
  files: readonly string[],
  picture: Uint8Array<ArrayBuffer>,
): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const each of [value].flat()) form.append(name, String(each));
  }
  for (const name of files) form.append(name, new Blob([picture]), "fox.png");
  return form;
}

/** @returns id of a file with so much in it that its batch can still be cancelled */
async function inputOfBatch(): Promise<string> {
  const lines = Array.from({ length: 1_000 }, (_, index) =>
    JSON.stringify({
      custom_id: `${index}`,
      method: "POST",
      url: "/v1/classify",
      body: {
        image: `https://example.com/${index}.png`,
        labels: Array.from({ length: 100 }, (__, at) => `l ${at}`),
      },
    }),
  );
  const { body } = await uploadFile(workers.url, {
    bytes: lines.join("\n"),
    filename: "lines.jsonl",
    purpose: "batch",
  });
  return body.id;
}

describe("openapi.json", () => {
  it("is valid OpenAPI 3.1", async () => {
    const result = await new Validator().validate({ ...document });
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
    expect(document.servers).toEqual([{ url: workers.url }]);
  });

  it("lists exactly the operations that the gateway has", async () => {
    for (const [path, operations] of Object.entries(document.paths)) {
      const url = workers.url + path.replaceAll(/\{\w+\}/g, "ls_none");
      // Send a method that no path has: the answer lists the path's methods.
      const { status, headers } = await request("PATCH", url);
      expect(status, path).toBe(405);
      const allowed = (headers.get("allow") ?? "").split(", ").filter((method) => method !== "HEAD");
      expect(allowed.toSorted(), path).toEqual(
        Object.keys(operations)
          .map((name) => name.toUpperCase())
          .toSorted(),
      );
    }
  });

  it("has a name for every request, every answer and every row", () => {
    expect(inlineObjects(document)).toEqual([]);
    const globals = new Set(["Error", "File", "Blob", "Response", "Request", "Object", "Array"]);
    expect(Object.keys(document.components.schemas).filter((name) => globals.has(name))).toEqual([]);
  });

  it("takes files in forms, and only there", () => {
    const json = JSON.stringify(document.components.schemas, (name, value: unknown) =>
      name.endsWith("Form") ? undefined : value,
    );
    expect(json).not.toContain('"format":"binary"');
    const { ClassifyForm, SimilarityForm, CreateFileForm, AddVectorStoreFilesForm, SearchVectorStoreForm } =
      document.components.schemas;
    const file = { type: "string", format: "binary" };
    expect(ClassifyForm?.properties?.["image"]?.items).toEqual(file);
    expect(SimilarityForm?.properties?.["image"]?.items).toEqual(file);
    expect(AddVectorStoreFilesForm?.properties?.["image"]?.items).toEqual(file);
    expect(SearchVectorStoreForm?.properties?.["image"]?.items).toEqual(file);
    expect(CreateFileForm?.properties?.["file"]).toMatchObject(file);
  });

  it("has an example of every body, and each works as it is", async () => {
    const fox = await readFile(join(import.meta.dirname, "../../examples/fox.png"));
    const parameters = new Map<string, Record<string, string>>();
    const sent: string[] = [];
    const predictions: string[] = [];
    for (const each of requestsOf(document)) {
      const what = `${each.operationId}, ${each.example}`;
      const known = { ...each.parameters, ...parameters.get(each.operationId) };
      const path = each.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => known[name] ?? "");
      const input =
        each.operationId === "createBatch"
          ? { input_file_id: await inputOfBatch() }
          : each.operationId === "createVectorStoreFileBatch"
            ? {
                files: [{ file_id: (await uploadFile(workers.url, { bytes: new Uint8Array(fox) })).body.id }],
              }
            : {};
      const body =
        each.fields === undefined
          ? each.json && { ...each.json, ...input }
          : formOf(each.fields, each.files, fox);
      const json = body instanceof FormData ? body : JSON.stringify(body);
      const response = await fetch(workers.url + path, {
        method: each.method,
        ...(json === undefined ? {} : { body: json }),
        ...(typeof json === "string" ? { headers: { "content-type": "application/json" } } : {}),
      });
      const text = await response.text();
      expect(each.statuses, `${what}: ${text.slice(0, 300)}`).toContain(String(response.status));
      const isJson = response.headers.get("content-type") === "application/json";
      const answer = (isJson ? JSON.parse(text) : {}) as { id: string; data: { prediction: string }[] };
      for (const link of each.links) {
        const taken = linked(link, answer);
        if (taken !== undefined) parameters.set(link.operationId, taken);
      }
      if (each.operationId === "classify") predictions.push(answer.data[0]?.prediction ?? "none");
      sent.push(what);
    }
    expect(new Set(predictions)).toEqual(new Set(["fox"]));
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    for (const { operationId, requestBody } of operations) {
      const count = sent.filter((each) => each.startsWith(`${operationId}, `)).length;
      expect(count, operationId).toBeGreaterThanOrEqual(Object.keys(requestBody?.content ?? {}).length || 1);
    }
    expect(sent.length).toBeGreaterThanOrEqual(operations.length + 5);
  });

  it("describes real answers", async () => {
    const image = await exampleBase64("fox.png");
    const v1 = (path: string, body?: object): ReturnType<typeof request> =>
      request(body === undefined ? "GET" : "POST", `${workers.url}${path}`, body);
    const set = await v1("/v1/label_sets", { labels: ["a", { label: "b", min_similarity: 0 }] });
    const { id } = set.body;
    const form = new FormData();
    form.append("file", new Blob([Buffer.from(image, "base64")]), "fox.png");
    form.append("purpose", "vision");
    const file = await request("POST", `${workers.url}/v1/files`, form);
    const stored = { file_id: file.body.id };
    const batch = await v1("/v1/batches", {
      input_file_id: await inputOfBatch(),
      endpoint: "/v1/classify",
      completion_window: "24h",
    });
    const store = await v1("/v1/vector_stores", {
      name: "a",
      expires_after: { anchor: "last_active_at", days: 1 },
    });
    const path = `/v1/vector_stores/${store.body.id}`;
    const added = await v1(`${path}/files`, { image: { image }, attributes: { a: 1 } });
    const picture = `${path}/files/${added.body.id}`;
    const fileBatch = await v1(`${path}/file_batches`, { file_ids: [added.body.id] });
    const answers: [schema: { parse(value: unknown): unknown }, answer: Awaited<ReturnType<typeof v1>>][] = [
      [responses.classifyResponseSchema, await v1("/v1/classify", { image, labels: ["fox"] })],
      [responses.classifyResponseSchema, await v1("/v1/classify", { image, label_set: [id, id] })],
      [responses.similarityResponseSchema, await v1("/v1/similarity", { image, text: "fox" })],
      [responses.embeddingsResponseSchema, await v1("/v1/embeddings", { input: ["a", { image }] })],
      [
        responses.embeddingsResponseSchema,
        await v1("/v1/embeddings", { input: "a", encoding_format: "base64" }),
      ],
      [
        responses.rerankResponseSchema,
        await v1("/v1/rerank", { query: "a", documents: ["b"], return_documents: true }),
      ],
      [
        compatible.zeroShotResponseSchema,
        await v1("/hf/zero-shot-image-classification", {
          inputs: image,
          parameters: { candidate_labels: ["fox"] },
        }),
      ],
      [compatible.featureExtractionResponseSchema, await v1("/hf/feature-extraction", { inputs: "a" })],
      [compatible.featureExtractionResponseSchema, await v1("/hf/feature-extraction", { inputs: ["a"] })],
      [storeResponses.vectorStoreSchema, store],
      [storeResponses.vectorStoreSchema, await v1(path)],
      [storeResponses.vectorStoreListResponseSchema, await v1("/v1/vector_stores")],
      [storeResponses.addedSchema, added],
      [
        storeResponses.addedSchema,
        await v1(`${path}/files`, { images: [{ image }, "no picture"], on_error: "report" }),
      ],
      [storeResponses.vectorStoreFileSchema, await v1(picture)],
      [storeResponses.vectorStoreFileListResponseSchema, await v1(`${path}/files`)],
      [storeResponses.vectorStoreFileContentSchema, await v1(`${picture}/content`)],
      [storeResponses.fileBatchSchema, fileBatch],
      [storeResponses.fileBatchSchema, await v1(`${path}/file_batches/${fileBatch.body.id}`)],
      [
        storeResponses.vectorStoreFileListResponseSchema,
        await v1(`${path}/file_batches/${fileBatch.body.id}/files`),
      ],
      [storeResponses.searchResponseSchema, await v1(`${path}/search`, { query: "a fox" })],
      [storeResponses.deletedVectorStoreFileSchema, await request("DELETE", `${workers.url}${picture}`)],
      [storeResponses.deletedVectorStoreSchema, await request("DELETE", `${workers.url}${path}`)],
      [fileResponses.batchSchema, batch],
      [fileResponses.batchSchema, await v1(`/v1/batches/${batch.body.id}`)],
      [fileResponses.batchListResponseSchema, await v1("/v1/batches")],
      [setResponses.labelSetSchema, set],
      [setResponses.labelSetDetailSchema, await v1(`/v1/label_sets/${id}`)],
      [setResponses.labelSetListResponseSchema, await v1("/v1/label_sets")],
      [responses.modelListSchema, await v1("/v1/models")],
      [responses.modelObjectSchema, await v1("/v1/models/edgeclip-demo")],
      [responses.healthSchema, await v1("/healthz")],
      [responses.healthSchema, await v1("/readyz")],
      [responses.errorSchema, await v1("/v1/embeddings", {})],
      [responses.errorSchema, await v1("/nowhere")],
      [responses.huggingFaceErrorSchema, await v1("/hf/feature-extraction", {})],
      [responses.huggingFaceErrorSchema, await v1("/hf/nowhere")],
      [fileResponses.fileSchema, file],
      [fileResponses.fileSchema, await v1(`/v1/files/${file.body.id}`)],
      [fileResponses.fileListResponseSchema, await v1("/v1/files")],
      [responses.classifyResponseSchema, await v1("/v1/classify", { image: stored, labels: ["fox"] })],
      [fileResponses.deletedFileSchema, await request("DELETE", `${workers.url}/v1/files/${file.body.id}`)],
      [setResponses.deletedSchema, await request("DELETE", `${workers.url}/v1/label_sets/${id}`)],
    ];
    // Nothing is dropped: the reference has every field that the answer has.
    for (const [schema, { body }] of answers) expect(schema.parse(body)).toEqual(body);
  });
});

describe("/docs", () => {
  it("is a page that loads nothing from elsewhere", async () => {
    const page = await fetch(`${workers.url}/docs`);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-security-policy")).toMatch(/script-src 'self';/);
    const html = await page.text();
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? "");
    expect(links.length).toBeGreaterThanOrEqual(3);
    for (const link of links) {
      const url = new URL(link, `${workers.url}/docs/`);
      expect(url.origin).toBe(new URL(workers.url).origin);
      expect((await fetch(url)).status, link).toBe(200);
    }
  });
});
