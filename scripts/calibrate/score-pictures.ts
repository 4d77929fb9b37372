/** Has pictures scored by the service, over its public API. */
import * as z from "zod";
import { askedAbout } from "../service/picture-requests.ts";
import { getPatiently, postPatiently, type Service } from "../service/patient-request.ts";
import { RefusedRequest } from "../service/refused-request.ts";
import type { Scores } from "./metrics.ts";

/** Bytes of pictures in a request, below the API's limit of 64 MB for forms. */
const BYTES_PER_REQUEST = 40_000_000;

const predictionSchema = z.object({
  label: z.string(),
  score: z.number(),
  similarity: z.number(),
  logit: z.number(),
});
const rowSchema = z.union([
  z.object({ error: z.object({ message: z.string() }) }),
  z.object({ none_score: z.number(), predictions: z.array(predictionSchema) }),
]);
const answerSchema = z.object({ model: z.string(), data: z.array(rowSchema) });
const setSchema = z.object({ data: z.array(z.object({ label: z.string() })) });

type Prediction = z.infer<typeof predictionSchema>;

/** What is asked about every picture. */
export interface Question {
  model?: string | undefined;
  /** All labels, in the order of the logits. */
  labels: readonly string[];
  /** Stored set that has these labels. Without it, they are sent. */
  labelSet?: string | undefined;
  templates?: readonly string[] | undefined;
  /** Prompts for `none`. Default: the service's. */
  none?: readonly string[] | undefined;
}

/** A stored set's labels, in order. */
export async function labelsOfSet(service: Service, id: string): Promise<string[]> {
  const { data } = setSchema.parse(await request(service, `label_sets/${encodeURIComponent(id)}`));
  return data.map(({ label }) => label);
}

/**
 * @param onError called with the file and the reason for each picture that the service cannot read
 * @returns the scores of each file; undefined for one that cannot be read
 */
export async function scorePictures(
  files: readonly string[],
  question: Question,
  service: Service,
  onError: (file: string, message: string) => void,
): Promise<(Scores | undefined)[]> {
  const scores = new Map<string, Scores>();
  const requests = {
    bytes: BYTES_PER_REQUEST,
    send: async (pictures: readonly Blob[]) => {
      const answer = await request(service, "classify", () => formOf(pictures, question));
      return answerSchema.parse(answer).data;
    },
  };
  const refuse = ({ path }: { path: string }, message: string): void => onError(path, message);
  for await (const some of askedAbout(
    files.map((path) => ({ path })),
    requests,
    refuse,
  )) {
    for (const [{ path }, row] of some) {
      if ("error" in row) onError(path, row.error.message);
      else scores.set(path, scoresOf(row.predictions, row.none_score, question.labels));
    }
  }
  return files.map((file) => scores.get(file));
}

function formOf(pictures: readonly Blob[], { model, labels, labelSet, templates, none }: Question): FormData {
  const form = new FormData();
  // The model must come before the pictures.
  if (model !== undefined) form.append("model", model);
  if (labelSet === undefined) form.append("labels", JSON.stringify(labels));
  else form.append("label_set", labelSet);
  if (templates !== undefined) form.append("templates", JSON.stringify(templates));
  form.append("none", JSON.stringify(none ?? {}));
  form.append("top_k", String(labels.length));
  form.append("on_error", "report");
  for (const picture of pictures) form.append("image", picture);
  return form;
}

/**
 * The answer has the rival's share of the softmax; its logit follows from the best label's. A label that its set's
 * `min_similarity` dropped has no logit.
 */
function scoresOf(predictions: readonly Prediction[], noneScore: number, labels: readonly string[]): Scores {
  const byLabel = new Map(predictions.map((each) => [each.label, each]));
  const [best] = predictions;
  return {
    logits: labels.map((label) => byLabel.get(label)?.logit ?? -Infinity),
    similarities: labels.map((label) => byLabel.get(label)?.similarity ?? -1),
    rival: best === undefined ? 0 : best.logit + Math.log(noneScore / best.score),
  };
}

/** @param makeForm makes the form of each try; without it, something is only read */
async function request(service: Service, path: string, makeForm?: () => FormData): Promise<unknown> {
  const whole = `/v1/${path}`;
  const response = await (makeForm === undefined
    ? getPatiently(service, whole)
    : postPatiently(service, whole, makeForm));
  const text = await response.text();
  if (!response.ok) throw new RefusedRequest(path, response.status, text);
  return JSON.parse(text);
}
