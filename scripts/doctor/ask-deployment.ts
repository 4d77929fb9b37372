/**
 * Asks a deployment for all that the doctor reports. What fails is part of what is found; only a deployment that cannot
 * be reached, or a key that may not ask, is an error.
 */
import * as z from "zod";
import {
  type OperatorReport,
  operatorReportSchema,
} from "../../functions/gateway/openapi/report-response.ts";
import { parseModelReference } from "../../model-shards/model-reference.ts";
import type { Service } from "../service/patient-request.ts";
import { type Asked, asked, askService, isFinal } from "./ask-service.ts";
import { type Classified, classifyExample } from "./classify-example.ts";

export type Part = Exclude<keyof OperatorReport, "object" | "version" | "models" | "data_center">;

export interface Deployment {
  url: string;
  version: string;
  dataCenter: string | null;
  parts: { [P in Part]: Asked<NonNullable<OperatorReport[P]>> };
  /** Those of each served model; without a name, of the default one of a deployment that does not tell its models. */
  classifications: ModelClassifications[];
}

export interface ModelClassifications {
  /** `<alias>@<revision>`. */
  model: string | undefined;
  /** One with a label that no cache knows, then some with the same labels. */
  answers: Asked<Classified>[];
}

/** Pages of label sets, of 50 each. */
const MAX_PAGES = 40;

/** @throws Error if it does not answer, or the key may not ask */
export async function askDeployment(service: Service): Promise<Deployment> {
  const reports: OperatorReport[] = [];
  const part = async <P extends Part>(
    name: P,
    throws?: (error: Error) => boolean,
  ): Promise<Asked<NonNullable<OperatorReport[P]>>> =>
    await asked(async () => {
      const report = await reportOf(service, `part=${name}`);
      reports.push(report);
      return partOf(report, name);
    }, throws);
  // Neither asks a tower: the first classification should find the towers as they were.
  const batches = await part("batches", isFinal);
  const vectorStores = await part("vector_stores");
  const classifications: ModelClassifications[] = [];
  for (const model of reports[0]?.models ?? [undefined]) {
    const answers = await classifyExample(service, parseModelReference(model ?? "")?.alias);
    classifications.push({ model, answers });
  }
  const parts: Deployment["parts"] = {
    batches,
    vector_stores: vectorStores,
    host: await part("host"),
    cache: await part("cache"),
    invocations: await part("invocations"),
    towers: await part("towers"),
    label_sets: await asked(() => allLabelSets(service)),
  };
  return {
    url: service.url,
    version: reports[0]?.version ?? "unknown",
    dataCenter: reports[0]?.data_center ?? null,
    classifications,
    parts,
  };
}

function partOf<P extends Part>(report: OperatorReport, name: P): NonNullable<OperatorReport[P]> {
  const part = report[name];
  if (part == null) throw new Error(`the report has no part ${name}`);
  return part;
}

async function reportOf(service: Service, query: string): Promise<OperatorReport> {
  const { body } = await askService(service, `/v1/operator/report?${query}`);
  const parsed = operatorReportSchema.safeParse(body);
  if (!parsed.success) throw new Error(`the report has another form: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

async function allLabelSets(service: Service): Promise<NonNullable<OperatorReport["label_sets"]>> {
  const all = partOf(await reportOf(service, "part=label_sets"), "label_sets");
  for (let page = 1; page < MAX_PAGES && all.after !== null; page++) {
    const next = partOf(await reportOf(service, `part=label_sets&after=${all.after}`), "label_sets");
    all.sets += next.sets;
    all.uncomputed += next.uncomputed;
    for (const model of all.models) {
      const more = next.models.find((each) => each.model === model.model);
      for (const count of ["ready", "building", "missing_examples", "bytes"] as const)
        model[count] += more?.[count] ?? 0;
    }
    all.after = next.after;
  }
  return all;
}
