/**
 * Asks a deployment for all that the doctor reports. What fails is part of what is found; only a deployment that cannot
 * be reached, or a key that may not ask, is an error.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import {
  type OperatorReport,
  operatorReportSchema,
} from "../../functions/gateway/openapi/report-response.ts";
import { EXAMPLES } from "../paths.ts";
import { authorization } from "../release/smoke-test.ts";
import type { Service } from "../service/patient-request.ts";

export type Part = Exclude<keyof OperatorReport, "object" | "version" | "data_center">;

/** The value, or why there is none. */
export type Asked<T> = { value: T } | { error: string };

/** A classification of an example. */
export interface Classified {
  prediction: string;
  /** Share of the labels' tokens that came from a cache. */
  cachedTokens: number;
  tokens: number;
  /** Milliseconds that the client waited. */
  elapsed: number;
  /** Of `server-timing`, by part: milliseconds, and where a tower was loaded from. */
  timings: ReadonlyMap<string, { ms: number; from: string | null }>;
}

export interface Deployment {
  url: string;
  version: string;
  dataCenter: string | null;
  parts: { [P in Part]: Asked<NonNullable<OperatorReport[P]>> };
  /** One with labels that no cache knows, then some with the same. */
  classifications: Asked<Classified>[];
}

const WARM = 3;
/** Pages of label sets, of 100 each. */
const MOST_PAGES = 20;
/** Milliseconds for an answer; a cold tower far from its files takes seconds. */
const PATIENCE = 90_000;

const classifySchema = z.object({
  data: z.array(z.object({ prediction: z.string() })).length(1),
  usage: z.object({
    prompt_tokens: z.number(),
    prompt_tokens_details: z.object({ cached_tokens: z.number() }),
  }),
});

/** @throws Error if it does not answer, or the key may not ask */
export async function askDeployment(service: Service): Promise<Deployment> {
  const first = await reachable(() => reportOf(service, "part=batches"));
  let about = "value" in first ? first.value : undefined;
  // The towers are asked for their figures last: the first classification should find them as they were.
  const labels = ["fox", "bus", `nothing that was asked before ${new Date().toISOString()}`];
  const classifications: Asked<Classified>[] = [];
  for (let sent = 0; sent <= WARM; sent++) classifications.push(await asked(() => classify(service, labels)));
  const part = async <P extends Part>(name: P): Promise<Asked<NonNullable<OperatorReport[P]>>> =>
    await asked(async () => {
      const report = await reportOf(service, `part=${name}`);
      about ??= report;
      return partOf(report, name);
    });
  const parts: Deployment["parts"] = {
    batches: "value" in first ? await asked(async () => partOf(first.value, "batches")) : first,
    host: await part("host"),
    cache: await part("cache"),
    invocations: await part("invocations"),
    towers: await part("towers"),
    label_sets: await asked(() => allLabelSets(service)),
    vector_stores: await part("vector_stores"),
  };
  return {
    url: service.url,
    version: about?.version ?? "unknown",
    dataCenter: about?.data_center ?? null,
    classifications,
    parts,
  };
}

/** An answer that says that nothing more may be asked, or that there is nobody to ask. */
class NotAskableError extends Error {}

/** @throws Error if the service is not reached, or refuses to report at all */
async function reachable<T>(ask: () => Promise<T>): Promise<Asked<T>> {
  return await asked(ask, (error) => error instanceof NotAskableError || error.message === "fetch failed");
}

/** @param isFinal errors that are thrown on */
async function asked<T>(
  ask: () => Promise<T>,
  isFinal: (error: Error) => boolean = () => false,
): Promise<Asked<T>> {
  try {
    return { value: await ask() };
  } catch (error) {
    if (!(error instanceof Error) || isFinal(error)) throw error;
    return { error: error.message };
  }
}

function partOf<P extends Part>(report: OperatorReport, name: P): NonNullable<OperatorReport[P]> {
  const part = report[name];
  if (part == null) throw new Error(`the report has no part ${name}`);
  return part;
}

async function reportOf(service: Service, query: string): Promise<OperatorReport> {
  const { body } = await send(service, `/v1/operator/report?${query}`);
  const parsed = operatorReportSchema.safeParse(body);
  if (!parsed.success) throw new Error(`the report has another form: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

async function allLabelSets(service: Service): Promise<NonNullable<OperatorReport["label_sets"]>> {
  const all = partOf(await reportOf(service, "part=label_sets"), "label_sets");
  for (let page = 1; page < MOST_PAGES && all.after !== null; page++) {
    const after = encodeURIComponent(all.after);
    const next = partOf(await reportOf(service, `part=label_sets&after=${after}`), "label_sets");
    all.sets += next.sets;
    for (const model of all.models) {
      const more = next.models.find((each) => each.model === model.model);
      model.ready += more?.ready ?? 0;
      model.bytes += more?.bytes ?? 0;
    }
    all.after = next.after;
  }
  return all;
}

async function classify(service: Service, labels: readonly string[]): Promise<Classified> {
  const images = [(await readFile(join(EXAMPLES, "fox.png"))).toString("base64")];
  const begun = performance.now();
  const { body, timings } = await send(service, "/v1/classify", { images, labels });
  const elapsed = performance.now() - begun;
  const { data, usage } = classifySchema.parse(body);
  return {
    prediction: data[0]?.prediction ?? "",
    tokens: usage.prompt_tokens,
    cachedTokens: usage.prompt_tokens_details.cached_tokens,
    elapsed,
    timings: parseTimings(timings),
  };
}

/** @throws Error that says what to do */
async function send(
  { url, key }: Service,
  path: string,
  body?: object,
): Promise<{ body: unknown; timings: string }> {
  const response = await fetch(url + path, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      ...authorization(key),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE),
  });
  const text = await response.text();
  if (response.ok) return { body: JSON.parse(text), timings: response.headers.get("server-timing") ?? "" };
  throw refusal(response.status, path, text);
}

function refusal(status: number, path: string, text: string): Error {
  const answered = `${path} answers ${status}: ${text.slice(0, 300)}`;
  if (!path.startsWith("/v1/operator/")) return new Error(answered);
  if (status === 404) {
    return new NotAskableError(
      'the deployment does not show its report: the key is not an operator\'s ("npm run keys -- create --operator"), ' +
        "or the deployment is older than 0.2.0",
    );
  }
  return status === 401 || status === 403 ? new NotAskableError(answered) : new Error(answered);
}

/** @param header as `timings.ts` of the gateway writes it: `image;dur=25.0, image-load;dur=402.0;desc=cache` */
export function parseTimings(header: string): Map<string, { ms: number; from: string | null }> {
  const entries = header.split(",").flatMap((each): [string, { ms: number; from: string | null }][] => {
    const [name = "", ...fields] = each.trim().split(";");
    const field = (key: string): string | undefined =>
      fields.find((text) => text.startsWith(`${key}=`))?.slice(key.length + 1);
    const duration = Number(field("dur") ?? NaN);
    return Number.isNaN(duration) ? [] : [[name, { ms: duration, from: field("desc") ?? null }]];
  });
  return new Map(entries);
}
