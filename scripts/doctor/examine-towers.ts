/** Findings on models and the Workers behind the gateway. */
import { megabytes } from "../../build/report/megabytes.ts";
import type { OperatorReport, WorkerFigures } from "../../functions/gateway/openapi/report-response.ts";
import type { Deployment } from "./ask-deployment.ts";
import { type Finding, ms, seconds, verdictOf } from "./finding.ts";
import { unanswered } from "./unanswered.ts";

type Model = NonNullable<OperatorReport["towers"]>["models"][number];

export function examineTowers(deployment: Deployment): Finding[] {
  const { host, towers } = deployment.parts;
  const dot = "value" in host ? host.value.dot : undefined;
  const findings: Finding[] = [];
  if (dot !== undefined) {
    findings.push({
      section: "dot product",
      name: "gateway",
      value: dot,
      expected: "bytes (a processor with AVX-VNNI) or 7-bit (one without)",
      otherwise:
        "the host has no relaxed SIMD: the image tower takes about 1.1 times as long as with 7-bit, see docs/benchmarks/image-tower.md",
      verdict: verdictOf(dot !== "none"),
    });
  }
  if (!("value" in towers)) return [...findings, ...unanswered(deployment, "towers", "models")];
  const { decoder, search, models, wasm_limit: limit } = towers.value;
  const workers = models.flatMap(({ model, image, text }) =>
    [...image, ...text].map((each) => ({ ...each, name: `${model}, ${each.name}` })),
  );
  for (const { name, dot: own } of workers) {
    if (own === null || own === dot) continue;
    findings.push({
      section: "dot product",
      name,
      value: own,
      expected: `${dot ?? "the same"}, as the gateway's`,
      otherwise: "Workers of a request run on different processors: times of parts cannot be compared",
      verdict: "differs",
    });
  }
  const isCloudflare = deployment.dataCenter !== null;
  return [
    ...findings,
    ...models.map(modelFinding),
    ...[...decoder, ...search].map((each) => workerFinding(each, limit, isCloudflare)),
    ...workers.map((each) => workerFinding(each, limit, isCloudflare)),
  ];
}

function modelFinding({ model, id, format, bytes, error, image, image_stages: planned }: Model): Finding {
  const answering = image.filter((stage) => stage.error === null).length;
  return {
    section: "models",
    name: model,
    value:
      error ??
      `${id ?? ""}, ${megabytes(bytes ?? 0)} MB, ${format ?? ""}, ${shownStages(planned ?? image.length, answering)}`,
    expected: "a manifest of this revision, and an image tower whose stages all answer",
    otherwise:
      "the model cannot answer: npm run model:push -- --remote writes what is missing or damaged in R2; a stage that does not answer has its reason below",
    verdict: verdictOf(error === null && answering === (planned ?? image.length)),
  };
}

/** A stage is asked by the one before it, so those after one that fails are not asked. */
function shownStages(planned: number, answering: number): string {
  if (answering === 0) return "an image tower that does not answer";
  const failing = answering === planned ? "" : `, of which stage ${answering + 1} does not answer`;
  return `image tower in ${planned} ${planned === 1 ? "stage" : "stages"}${failing}`;
}

function workerFinding(figures: WorkerFigures, limit: number, isCloudflare: boolean): Finding {
  const { name, wasm_bytes: bytes, runs, dot, loaded_from: from, ready_ms: ready, error, repaired } = figures;
  const { isolate, age_ms: age } = figures;
  const which = isolate === null ? "" : `, isolate ${isolate}, ${seconds(age ?? 0)} old`;
  const loaded = from === null ? "" : `, loaded from ${from} in ${ms(ready ?? 0)}`;
  const kernels = dot === null ? "" : `, dot ${dot}`;
  const damaged = repaired.length === 0 ? "" : ` (not from the cache: ${repaired.join(", ")})`;
  const isWell = error === null && bytes <= limit && from !== "repaired";
  return {
    section: "Workers, one isolate each",
    name,
    value:
      error ?? `${megabytes(bytes)} MB of WASM memory, ${runs} runs${kernels}${loaded}${damaged}${which}`,
    expected: `at most ${megabytes(limit)} MB${isCloudflare ? ", loaded from cache, or from r2 if it was the first in its data center" : ""}`,
    otherwise:
      "an error: no request that needs this Worker is answered; repaired: the cache gave wrong bytes, see docs/cold-start.md; more memory: the isolate may be ended",
    verdict: verdictOf(isWell),
  };
}
