/**
 * The contract, row by row: every endpoint, alias, limit and code. `WRITE_TABLE=1 npx vitest run
 * test/api/contract.test.ts` writes the answers to `docs/api-cases.md`.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { uploadFile } from "../files/support/upload-file.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { contractCases } from "./cases/contract-cases.ts";
import type { Case } from "./cases/contract-row.ts";
import { type Reference, statusesOf } from "./documented-requests.ts";

const TABLE = join(import.meta.dirname, "../../docs/api-cases.md");

let workers: Workers;
let cases: Case[];
let reference: Reference;
const rows: string[] = [];

beforeAll(async () => {
  workers = await startWorkers();
  reference = (await request("GET", `${workers.url}/openapi.json`)).body;
  const set = await request("POST", `${workers.url}/v1/label_sets`, { labels: ["fox", "harp"] });
  const model = await request("GET", `${workers.url}/v1/models/edgeclip-demo`);
  const image = await exampleBase64("fox.png");
  const bytes = new Uint8Array(Buffer.from(image, "base64"));
  const file = (await uploadFile(workers.url, { bytes })).body.id;
  const lines = (await uploadFile(workers.url, { bytes: "{}", purpose: "batch" })).body.id;
  const store = (await request("POST", `${workers.url}/v1/vector_stores`, {})).body.id;
  cases = contractCases({
    image,
    set: set.body.id,
    file,
    lines,
    store,
    width: model.body.embedding_width,
  });
});

afterAll(async () => {
  await workers.dispose();
});

async function send({ endpoint, body, headers }: Case): ReturnType<typeof request> {
  const [method = "", path = ""] = endpoint.split(" ");
  const type = typeof body === "string" ? { "content-type": "application/json" } : {};
  return await request(method, workers.url + path, body, { ...type, ...headers });
}

/** On Hugging Face's endpoints, the fields of an error stand beside its message. */
function errorOf({ error, ...rest }: Record<string, unknown>): Record<string, string | null> | undefined {
  const fields = typeof error === "string" ? { message: error, ...rest } : error;
  return fields as Record<string, string | null> | undefined;
}

/** Headers that every answer must have, and those that a model's answer must have. */
function missing({ status, headers, body }: Awaited<ReturnType<typeof request>>): string[] {
  const names = ["x-request-id", "openai-processing-ms", "server-timing"].filter(
    (name) => !headers.has(name),
  );
  const error = errorOf(body);
  const fields = error === undefined ? ["model", "revision"] : ["message", "type", "param", "code"];
  const isOfModel = status === 200 && "usage" in body;
  const holder = error ?? (isOfModel ? body : { model: "", revision: "" });
  return [...names, ...fields.filter((field) => !(field in holder))];
}

it("holds in every row", { timeout: 300_000 }, async () => {
  for (const each of cases) {
    const answer = await send(each);
    const { code = null, param = null } = errorOf(answer.body) ?? {};
    const found = { status: answer.status, code, param, missing: missing(answer) };
    const what = `${each.endpoint}, ${each.what}: ${JSON.stringify(answer.body).slice(0, 300)}`;
    const wanted = { status: each.status, code: each.code ?? null, param: each.param ?? param, missing: [] };
    expect(found, what).toEqual(wanted);
    const status = String(each.status);
    expect(statusesOf(reference, each.endpoint) ?? [status], `${what}, in the reference`).toContain(status);
    const path = each.endpoint.replaceAll(/(ls|vs|vsfb)_[0-9a-f]{24,32}|file-[\w-]{44}/g, "{id}");
    rows.push(`| ${path} | ${each.what} | ${answer.status} | ${code ?? ""} | ${param ?? ""} |`);
  }
  if (process.env["WRITE_TABLE"] === "1") await writeFile(TABLE, table());
});

function table(): string {
  return `# Answers by case

The status and error code of each case. \`test/api/contract.test.ts\` writes this table and asserts every row.

| endpoint | case | status | code | param |
|---|---|---|---|---|
${rows.join("\n")}
`;
}
