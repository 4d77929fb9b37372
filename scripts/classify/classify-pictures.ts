/** Classifies picture files one request each, several at once, and gives their rows in the files' order. */
import { basename } from "node:path";
import * as z from "zod";
import { messageOf } from "../../build/command-line/message-of.ts";
import { pictureBlob } from "../service/picture-files.ts";
import { postPatiently, type Service } from "../service/patient-request.ts";
import { errorSchema } from "../service/refused-request.ts";
import type { Row } from "./rows.ts";

/** Fields of `POST /v1/classify`, as they are in JSON. */
export type Settings = Readonly<Record<string, unknown>>;

const classificationSchema = z.object({
  object: z.literal("classification"),
  prediction: z.string().nullable(),
  score: z.number().nullish(),
  none_score: z.number().optional(),
  predictions: z.array(z.object({ label: z.string(), score: z.number() })),
});
const answerSchema = z.object({
  data: z.array(z.union([classificationSchema, errorSchema])),
});

/** @throws Error for an answer that concerns all pictures: a wrong key, a label set that is not there */
export async function* classifyPictures(
  files: readonly string[],
  settings: Settings,
  service: Service,
  concurrency: number,
): AsyncGenerator<Row> {
  const running: Promise<Row>[] = [];
  const ended = new AbortController();
  try {
    for (const file of files) {
      const row = classifyOne(file, settings, service, ended.signal);
      // It is awaited in its turn.
      row.catch(() => {});
      if (running.push(row) === concurrency) yield await next(running);
    }
    while (running.length > 0) yield await next(running);
  } finally {
    ended.abort();
  }
}

function next(running: Promise<Row>[]): Promise<Row> {
  const row = running.shift();
  if (row === undefined) throw new Error("no picture is being classified");
  return row;
}

async function classifyOne(
  file: string,
  settings: Settings,
  service: Service,
  signal: AbortSignal,
): Promise<Row> {
  let picture: Blob;
  try {
    picture = await pictureBlob(file);
  } catch (error) {
    return failed(file, messageOf(error));
  }
  const formOf = (): FormData => {
    const form = new FormData();
    for (const [name, value] of Object.entries(settings)) {
      form.set(name, typeof value === "string" ? value : JSON.stringify(value));
    }
    form.set("on_error", "report");
    form.set("image", picture, basename(file));
    return form;
  };
  const answer = await postPatiently(service, "/v1/classify", formOf, signal);
  const body: unknown = await answer.json().catch(() => undefined);
  const refusal = errorSchema.safeParse(body);
  if (!answer.ok) {
    const reason = refusal.data?.error.message ?? `the service answers ${answer.status}`;
    // A picture that is too large is this picture's fault; anything else would be wrong for all.
    if (answer.status === 413) return failed(file, reason);
    throw new Error(`${file}: ${reason}`);
  }
  const [row] = answerSchema.parse(body).data;
  if (row === undefined) throw new Error(`${file}: the answer has no row`);
  if ("error" in row) return failed(file, row.error.message);
  const { prediction, predictions, none_score: noneScore } = row;
  const score = row.score ?? predictions.find(({ label }) => label === prediction)?.score ?? null;
  return { file, prediction, score, noneScore: noneScore ?? null, predictions, error: null };
}

function failed(file: string, error: string): Row {
  return { file, prediction: null, score: null, noneScore: null, predictions: [], error };
}
