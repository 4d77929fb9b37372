/** Batches as a client of the API makes them, with the unmodified SDK. */
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI, { toFile } from "openai";
import type { BatchEndpoint } from "../../../functions/batches/batch-object.ts";

export type Batch = OpenAI.Batch;

/** A line of the output or the error file. */
export interface AnsweredLine {
  id: string;
  custom_id: string;
  response: { status_code: number; request_id: string; body: Record<string, unknown> } | null;
  error: { code: string; message: string } | null;
}

export interface Line {
  custom_id: string;
  method: string;
  url: string;
  body: object;
}

const OVER = ["completed", "failed", "expired", "cancelled"];

export function lineOf(url: BatchEndpoint, custom_id: string, body: object): Line {
  return { custom_id, method: "POST", url, body };
}

/** @param lines objects, or text as it stands in the file */
export async function createBatch(
  client: OpenAI,
  endpoint: BatchEndpoint,
  lines: readonly (Line | string)[],
  more: Partial<OpenAI.BatchCreateParams> = {},
): Promise<Batch> {
  const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
  const file = await client.files.create({
    file: await toFile(Buffer.from(text), "lines.jsonl"),
    purpose: "batch",
  });
  return await client.batches.create({
    input_file_id: file.id,
    // The SDK knows OpenAI's endpoints.
    endpoint: endpoint as "/v1/embeddings",
    completion_window: "24h",
    ...more,
  });
}

/**
 * Asks until it is over.
 * @param pollMs milliseconds between two questions
 * @param progressMs milliseconds between two lines on stderr that say how far it is
 */
export async function ended(
  client: OpenAI,
  { id }: { id: string },
  patienceMs = 100_000,
  { pollMs = 200, progressMs = Infinity } = {},
): Promise<Batch> {
  const start = Date.now();
  const until = start + patienceMs;
  for (let told = start; ;) {
    const batch = await client.batches.retrieve(id);
    if (OVER.includes(batch.status)) return batch;
    if (Date.now() - told > progressMs) {
      told = Date.now();
      const { completed, total } = batch.request_counts ?? {};
      console.error(
        `${Math.round((told - start) / 1000)} s: ${batch.status}, ${completed} of ${total} lines`,
      );
    }
    if (Date.now() > until) throw new Error(`the batch is not over: ${JSON.stringify(batch)}`);
    await sleep(pollMs);
  }
}

export async function linesOf(client: OpenAI, file: string | null | undefined): Promise<AnsweredLine[]> {
  if (file == null) return [];
  const text = await (await client.files.content(file)).text();
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as AnsweredLine);
}

/** What a request and a line of the same body have in common: not their ids, times and what was cached by then. */
export function comparable(body: Record<string, unknown>): object {
  if ("error" in body) return body;
  const { id: _id, created: _created, usage, meta, ...rest } = body;
  const {
    prompt_tokens_details: _details,
    cached_images: _images,
    ...counts
  } = usage as Record<string, unknown>;
  const { cached_tokens: _tokens, ...ofCohere } = (meta ?? {}) as Record<string, unknown>;
  return { ...rest, usage: counts, meta: ofCohere };
}
