/** Lines of all four endpoints whose answers are compared with those of requests. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import OpenAI from "openai";
import { expect } from "vitest";
import { BATCH_ENDPOINTS, type BatchEndpoint } from "../../../functions/batches/batch-object.ts";
import { request } from "../../support/send-request.ts";
import { type Batch, comparable, createBatch, ended, type Line, lineOf, linesOf } from "./run-batch.ts";

const EXAMPLES = join(import.meta.dirname, "../../../examples");
const NAMES = ["fox", "rocket", "grapes", "tulip", "moon", "harp", "dress", "trophy"];

/** Every eleventh line is refused. */
const WRONG = 11;

/** @param count lines of each endpoint */
export async function manyLines(count: number): Promise<Record<BatchEndpoint, Line[]>> {
  const pictures = await Promise.all(
    NAMES.map(async (name) => (await readFile(join(EXAMPLES, `${name}.png`))).toString("base64")),
  );
  const bodies: Record<BatchEndpoint, (index: number) => object> = {
    "/v1/classify": (index) => ({
      images: some(pictures, index, 1 + (index % 4)),
      labels: index % 3 === 0 ? NAMES : [...some(NAMES, index, 3), `thing ${index % 20}`],
    }),
    "/v1/similarity": (index) => ({
      images: some(pictures, index, 1 + (index % 3)),
      texts: [`a ${NAMES[index % NAMES.length]}`, `text ${index % 50}`],
    }),
    "/v1/embeddings": (index) => ({
      input: Array.from({ length: 1 + (index % 60) }, (_, at) => `input ${index} ${at}`),
      encoding_format: index % 2 === 0 ? "float" : "base64",
    }),
    "/v1/rerank": (index) => ({
      query: { image: pictures[index % pictures.length] },
      documents: [...NAMES, `document ${index % 30}`],
    }),
  };
  const linesFor = (endpoint: BatchEndpoint): Line[] =>
    Array.from({ length: count }, (_, index) => {
      const body = index % WRONG === WRONG - 1 ? { model: "unknown" } : bodies[endpoint](index);
      return lineOf(endpoint, `${endpoint}-${index}`, body);
    });
  return Object.fromEntries(BATCH_ENDPOINTS.map((endpoint) => [endpoint, linesFor(endpoint)])) as Record<
    BatchEndpoint,
    Line[]
  >;
}

function some<T>(all: readonly T[], from: number, count: number): T[] {
  return Array.from({ length: count }, (_, at) => all[(from + at) % all.length] as T);
}

/** Runs all lines, a batch for each endpoint, at once. */
export async function runAll(
  client: OpenAI,
  lines: Record<BatchEndpoint, Line[]>,
  patienceMs: number,
): Promise<Map<BatchEndpoint, Batch>> {
  const batches = await Promise.all(
    BATCH_ENDPOINTS.map(async (endpoint) => {
      const made = await createBatch(client, endpoint, lines[endpoint]);
      return [endpoint, await ended(client, made, patienceMs)] as const;
    }),
  );
  return new Map(batches);
}

/** Every line stands once in one of the files, with the answer that a request gets. */
export async function compareAll(
  client: OpenAI,
  url: string,
  lines: Record<BatchEndpoint, Line[]>,
  batches: ReadonlyMap<BatchEndpoint, Batch>,
): Promise<void> {
  for (const [endpoint, batch] of batches) {
    expect(batch).toMatchObject({ status: "completed", errors: null });
    const output = await linesOf(client, batch.output_file_id);
    const errors = await linesOf(client, batch.error_file_id);
    const sent = lines[endpoint];
    const counts = { total: sent.length, completed: output.length, failed: errors.length };
    expect(batch.request_counts).toEqual(counts);
    const answered = new Map([...output, ...errors].map((line) => [line.custom_id, line.response]));
    expect(answered.size).toBe(sent.length);
    for (const { custom_id, body } of sent) {
      const alone = await request("POST", `${url}${endpoint}`, body);
      const { status_code: status, body: answer = {} } = answered.get(custom_id) ?? {};
      expect([custom_id, status]).toEqual([custom_id, alone.status]);
      expect(comparable(answer)).toEqual(comparable(alone.body));
    }
  }
}
