/** Findings on what is computed in the background, and on limits that were met. */
import { megabytes } from "../../build/report/megabytes.ts";
import { COMPLETION_WINDOW } from "../../functions/batches/batch-limits.ts";
import type { Deployment } from "./ask-deployment.ts";
import { type Finding, verdictOf } from "./finding.ts";
import { unanswered } from "./unanswered.ts";

/** Seconds that a message may wait in the queue while everything works: a part of a label set takes ten. */
const LONG_WAIT = 300;

export function examineWork(deployment: Deployment): Finding[] {
  return [
    ...examineSets(deployment),
    ...examineBatches(deployment),
    ...examineVectorStores(deployment),
    ...examineQueues(deployment),
    ...examineLimits(deployment),
  ];
}

function examineSets(deployment: Deployment): Finding[] {
  const section = "label sets of all accounts";
  const { label_sets: asked } = deployment.parts;
  if (!("value" in asked)) return unanswered(deployment, "label_sets", section);
  const { sets, uncomputed, models, after } = asked.value;
  const more = after === null ? "" : "; there are more sets";
  return [
    ...models.map((counts): Finding => ({
      section,
      name: counts.model,
      value: [
        `${counts.ready} of ${sets} computed`,
        ...(counts.building > 0 ? [`${counts.building} being computed`] : []),
        ...(counts.missing_examples > 0
          ? [`${counts.missing_examples} without vectors of their examples`]
          : []),
        `${megabytes(counts.bytes)} MB${more}`,
      ].join(", "),
      expected: "those that were used with it; a deployment computes all before it serves",
      otherwise:
        "a set is computed when it is first used with a model; one without vectors of its examples must be stored again by its owner",
      verdict: "ok",
    })),
    {
      section,
      name: "computed for no model",
      value: `${uncomputed}${more}`,
      expected: "none, besides those that are being computed or must be stored again",
      otherwise:
        "they are computed when they are next used, which is slow: a message of the queue was lost, or the jobs Worker fails (npx wrangler tail edgeclip-jobs)",
      verdict: verdictOf(uncomputed === 0),
    },
  ];
}

function examineBatches(deployment: Deployment): Finding[] {
  const section = "batches of all accounts";
  const { batches: asked } = deployment.parts;
  if (!("value" in asked)) return unanswered(deployment, "batches", section);
  const { batches, unreachable, lines, lines_done: done, statuses, oldest_seconds: oldest } = asked.value;
  const states = Object.entries(statuses).map(([status, count]) => `${count} ${status}`);
  return [
    {
      section,
      name: "not over",
      value: [
        `${batches}${asked.value.is_whole ? "" : " or more"}`,
        ...states,
        ...(batches > 0 ? [`${done} of ${lines} lines answered`] : []),
        ...(unreachable > 0 ? [`${unreachable} do not answer`] : []),
      ].join(", "),
      expected: "each answers",
      otherwise:
        "Durable Objects of batches cannot be reached, or have lost what they knew: check edgeclip-state",
      verdict: verdictOf(unreachable === 0 && statuses["unknown"] === undefined),
    },
    {
      section,
      name: "age of the oldest that is not over",
      value: oldest === null ? "none" : `${oldest} s`,
      expected: `less than ${COMPLETION_WINDOW} s, and the clearing up after it`,
      otherwise:
        "the jobs Worker does not work: its cron and its queue in the dashboard, npx wrangler tail edgeclip-jobs",
      verdict: verdictOf((oldest ?? 0) < COMPLETION_WINDOW + 3600),
    },
  ];
}

function examineVectorStores(deployment: Deployment): Finding[] {
  const section = "vector stores of all accounts";
  const { vector_stores: asked } = deployment.parts;
  if (!("value" in asked)) return unanswered(deployment, "vector_stores", section);
  const { stores, unreachable, expired, pictures, waiting, failed, bytes, is_whole: isWhole } = asked.value;
  return [
    {
      section,
      name: "stores",
      value: [
        `${stores}${isWhole ? "" : " or more"}`,
        ...(expired > 0 ? [`${expired} expired`] : []),
        `${pictures} ${pictures === 1 ? "picture" : "pictures"} in ${megabytes(bytes)} MB`,
        ...(waiting > 0 ? [`${waiting} wait to be embedded`] : []),
        ...(failed > 0 ? [`${failed} failed`] : []),
        ...(unreachable > 0 ? [`${unreachable} do not answer`] : []),
      ].join(", "),
      expected: "each answers",
      otherwise: "Durable Objects of vector stores cannot be reached: check edgeclip-state",
      verdict: verdictOf(unreachable === 0),
    },
  ];
}

function examineQueues(deployment: Deployment): Finding[] {
  const section = "queues";
  const { host } = deployment.parts;
  if (!("value" in host)) return unanswered(deployment, "host", section);
  const { queue, batch_queue: ofBatches } = host.value;
  const isLocal = deployment.dataCenter === null;
  const queues = [
    { name: "messages on label sets and vector stores that wait", ...queue },
    { name: "messages on batches that wait", ...ofBatches },
  ];
  return queues.map(({ name, waiting, oldest_seconds: oldest, error }) => ({
    section,
    name,
    value: error ?? `${waiting ?? 0}${oldest === null ? "" : `, the oldest for ${oldest} s`}`,
    expected: `none for longer than ${LONG_WAIT} s`,
    otherwise:
      "many large label sets, file batches or batches were made at once, or the jobs Worker fails (npx wrangler tail edgeclip-jobs)",
    verdict: error !== null && isLocal ? "unknown" : verdictOf(error === null && (oldest ?? 0) <= LONG_WAIT),
  }));
}

function examineLimits(deployment: Deployment): Finding[] {
  const section = "limits met";
  const { host } = deployment.parts;
  if (!("value" in host)) return unanswered(deployment, "host", section);
  const met = Object.entries(host.value.met_limits);
  return [
    {
      section,
      name: "refusals of this isolate since it started",
      value: met.length === 0 ? "none" : met.map(([code, count]) => `${count} ${code}`).join(", "),
      expected: "none; the usage records have those of all isolates (docs/operations.md)",
      otherwise:
        "overloaded: more pictures than the isolates accept; rate_limit_exceeded: a caller above its tier; model_unavailable: R2 or a model's files",
      verdict: verdictOf(met.length === 0),
    },
  ];
}
