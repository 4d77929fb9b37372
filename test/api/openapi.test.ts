/** The API's reference: valid, complete, correct for real answers, and sufficient to generate a client. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Validator } from "@seriousme/openapi-schema-validator";
import { generateApi } from "swagger-typescript-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as responses from "../../functions/gateway/openapi/responses.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

interface Document {
  paths: Record<string, Record<string, unknown>>;
  servers: { url: string }[];
}

const TSC = join(import.meta.dirname, "../../node_modules/.bin/tsc");

let workers: Workers;
let document: Document;

beforeAll(async () => {
  workers = await startWorkers();
  document = (await (await fetch(`${workers.url}/openapi.json`)).json()) as Document;
});

afterAll(async () => {
  await workers.dispose();
});

describe("openapi.json", () => {
  it("is valid OpenAPI 3.1", async () => {
    const result = await new Validator().validate({ ...document });
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
    expect(document.servers).toEqual([{ url: workers.url }]);
  });

  it("lists exactly the operations that the gateway has", async () => {
    for (const [path, operations] of Object.entries(document.paths)) {
      const url = workers.url + path.replace("{id}", "ls_none");
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

  it("makes a client that compiles", { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "edgeclip-client-"));
    try {
      await writeFile(join(folder, "openapi.json"), JSON.stringify(document));
      const { files } = await generateApi({
        input: join(folder, "openapi.json"),
        output: false,
        silent: true,
        fileName: "client.mts",
      });
      const code = files.map(({ fileContent }) => fileContent).join("\n");
      await writeFile(join(folder, "client.mts"), code);
      await writeFile(
        join(folder, "use.mts"),
        `import { Api } from "./client.mts";
const { data } = await new Api().v1.classify({ images: ["a"], labels: ["b"] });
const prediction: string | null | undefined = data.data[0]?.prediction;
console.log(prediction);
// @ts-expect-error: labels are no numbers
await new Api().v1.classify({ images: ["a"], labels: [1] });
`,
      );
      const options = [
        "--noEmit",
        "--strict",
        "--target",
        "es2022",
        "--module",
        "nodenext",
        "--skipLibCheck",
      ];
      const sources = [join(folder, "client.mts"), join(folder, "use.mts")];
      const compiled = await promisify(execFile)(TSC, [
        ...options,
        "--allowImportingTsExtensions",
        ...sources,
      ]).catch((error: unknown) => error as { stdout: string });
      expect(compiled.stdout).toBe("");
    } finally {
      await rm(folder, { recursive: true });
    }
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
      [responses.labelSetSchema, set],
      [responses.labelSetDetailSchema, await v1(`/v1/label_sets/${id}`)],
      [responses.labelSetListResponseSchema, await v1("/v1/label_sets")],
      [responses.modelListSchema, await v1("/v1/models")],
      [responses.modelObjectSchema, await v1("/v1/models/edgeclip-demo")],
      [responses.healthSchema, await v1("/healthz")],
      [responses.healthSchema, await v1("/readyz")],
      [responses.errorSchema, await v1("/v1/embeddings", {})],
      [responses.errorSchema, await v1("/nowhere")],
      [responses.fileSchema, file],
      [responses.fileSchema, await v1(`/v1/files/${file.body.id}`)],
      [responses.fileListResponseSchema, await v1("/v1/files")],
      [responses.classifyResponseSchema, await v1("/v1/classify", { image: stored, labels: ["fox"] })],
      [responses.deletedFileSchema, await request("DELETE", `${workers.url}/v1/files/${file.body.id}`)],
      [responses.deletedSchema, await request("DELETE", `${workers.url}/v1/label_sets/${id}`)],
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
