/** Classifies an example, as a client does, and keeps what the answer tells of its times. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { EXAMPLES } from "../paths.ts";
import type { Service } from "../service/patient-request.ts";
import { type Asked, asked, askService } from "./ask-service.ts";
import { uniquePicture } from "./unique-picture.ts";

/** A classification of an example. */
export interface Classified {
  prediction: string;
  /** Share of the labels' tokens that came from a cache. */
  cachedTokens: number;
  tokens: number;
  /** Milliseconds that the client waited. */
  elapsed: number;
  /** What `server-timing` says, by part: milliseconds, and where a tower was loaded from. */
  timings: ReadonlyMap<string, { ms: number; from: string | null }>;
}

const WARM = 3;

const answerSchema = z.object({
  data: z.array(z.object({ prediction: z.string() })).length(1),
  usage: z.object({
    prompt_tokens: z.number(),
    prompt_tokens_details: z.object({ cached_tokens: z.number() }),
  }),
});

/**
 * One classification with a label that no cache knows, then some with the same. No cache knows any of the pictures.
 * @param model its alias; the default model if undefined
 */
export async function classifyExample(
  service: Service,
  model: string | undefined,
): Promise<Asked<Classified>[]> {
  const picture = await readFile(join(EXAMPLES, "fox.png"));
  const labels = ["fox", "bus", `nothing that was asked before ${new Date().toISOString()}`];
  const answers: Asked<Classified>[] = [];
  for (let sent = 0; sent <= WARM; sent++) {
    const images = [uniquePicture(picture).toString("base64")];
    answers.push(await asked(() => classify(service, { model, images, labels })));
  }
  return answers;
}

async function classify(service: Service, request: object): Promise<Classified> {
  const begun = performance.now();
  const { body, timings } = await askService(service, "/v1/classify", request);
  const elapsed = performance.now() - begun;
  const { data, usage } = answerSchema.parse(body);
  return {
    prediction: data[0]?.prediction ?? "",
    tokens: usage.prompt_tokens,
    cachedTokens: usage.prompt_tokens_details.cached_tokens,
    elapsed,
    timings: parseTimings(timings),
  };
}

/** @param header as `timings.ts` of the gateway writes it: `image;dur=25.0, image-load;dur=402.0;desc=cache` */
function parseTimings(header: string): Map<string, { ms: number; from: string | null }> {
  const entries = header.split(",").flatMap((each): [string, { ms: number; from: string | null }][] => {
    const [name = "", ...fields] = each.trim().split(";");
    const field = (key: string): string | undefined =>
      fields.find((text) => text.startsWith(`${key}=`))?.slice(key.length + 1);
    const duration = Number(field("dur") ?? NaN);
    return Number.isNaN(duration) ? [] : [[name, { ms: duration, from: field("desc") ?? null }]];
  });
  return new Map(entries);
}
