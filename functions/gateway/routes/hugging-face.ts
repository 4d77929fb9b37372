/**
 * `POST /hf/zero-shot-image-classification` and `POST /hf/feature-extraction`: what Hugging Face's clients send to an
 * inference endpoint. Their answers are bare lists, without the model's name and usage.
 */
import { type Context, Hono } from "hono";
import { fillTemplate } from "../../label-sets/definition.ts";
import { embedItems } from "../embed/embed-items.ts";
import { embedMixes, vectorsOf } from "../embed/embed-mixes.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { missing } from "../../runtime/missing.ts";
import {
  featureExtractionRequestSchema,
  huggingFaceQuerySchema,
  zeroShotRequestSchema,
} from "../schemas/hugging-face-request.ts";
import { validate } from "../schemas/fields/validate.ts";
import { scoreTexts } from "../score/score-texts.ts";
import { answeredBy } from "./answer/inference-response.ts";
import { reportUsage } from "./answer/report-usage.ts";
import { listTexts, SCORE_BYTES, streamTexts } from "./answer/stream-rows.ts";
import { holdVectors, keepVectors, wantedBy } from "./request/embedding-context.ts";
import { readFields, requestPictures } from "./request/fields-and-pictures.ts";
import { requestedModel } from "./request/requested-model.ts";
import { ONLY_END_IS_CUT, requireWholeTexts, requireWidth } from "./request/vector-options.ts";

export const huggingFace = new Hono<GatewayEnv>()
  .post("/hf/zero-shot-image-classification", async (c) => {
    const request = await validate(zeroShotRequestSchema, await readFields(c), wantedBy(c));
    const { candidate_labels: labels, hypothesis_template: template } = request.parameters;
    const manifest = await requestedModel(c, request.model ?? (await modelOfAddress(c)));
    const prompts = labels.map((label) => ({ text: fillTemplate(template, label) }));
    await holdVectors(c, manifest, prompts);
    const items = [{ image: request.inputs }, ...prompts];
    const { vectors, usage } = await embedItems(items, requestPictures(c, manifest), zeroShotParam);
    const [picture, ...texts] = vectors;
    if (picture === undefined) throw new Error("the picture was not embedded");
    const columns = texts.map((vector) => ({ text: null, vector }));
    answeredBy(c, manifest);
    reportUsage(c, usage);
    const scores = scoreTexts(picture.embedding, columns, Math.exp(manifest.logit_scale));
    const sorted = scores.toSorted((a, b) => b.logit - a.logit);
    const rowOf = (at: number): object => {
      const { index, probability } = sorted[at] ?? missing("a label was not scored");
      return { label: labels[index], score: probability };
    };
    return await streamTexts(c, bareList(sorted.length, rowOf), sorted.length * SCORE_BYTES);
  })
  .post("/hf/feature-extraction", async (c) => {
    const fields = await readFields(c);
    const request = await validate(featureExtractionRequestSchema, fields, wantedBy(c));
    const { inputs, truncate, truncation_direction: side, dimensions } = request;
    const manifest = await requestedModel(c, request.model ?? (await modelOfAddress(c)));
    requireWidth(manifest, dimensions, "dimensions");
    await holdVectors(c, manifest, vectorsOf(inputs));
    const isList = Array.isArray(fields["inputs"]);
    const paramOf = (index: number): string => (isList ? `inputs[${index}]` : "inputs");
    const { vectors, usage } = await embedMixes(inputs, requestPictures(c, manifest), paramOf, "fail");
    if (!truncate) requireWholeTexts(vectors, paramOf);
    if (side.toLowerCase() === "left") requireWholeTexts(vectors, paramOf, ONLY_END_IS_CUT);
    answeredBy(c, manifest);
    reportUsage(c, usage);
    const rowOf = (index: number): number[] => Array.from(vectors[index]?.embedding ?? []);
    // The vectors already have room. No function of the answer may refer to the inputs.
    keepVectors(c, vectors);
    // A single input is answered by its vector alone.
    return await streamTexts(c, isList ? bareList(vectors.length, rowOf) : listTexts(1, rowOf), 0);
  });

/** The model that the address names: a client with `endpointUrl` sends only its inputs. */
async function modelOfAddress(c: Context<GatewayEnv>): Promise<string | undefined> {
  return (await validate(huggingFaceQuerySchema, c.req.query())).model;
}

/** The path of an item. The picture is the first item. */
function zeroShotParam(index: number): string {
  return index === 0 ? "inputs" : `parameters.candidate_labels[${index - 1}]`;
}

function* bareList(count: number, rowOf: (index: number) => object): Generator<string> {
  yield "[";
  yield* listTexts(count, rowOf);
  yield "]";
}
