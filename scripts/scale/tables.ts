/** The tables of docs/scale.md. */
import { LIFETIMES, LOGGED, PRICES, SHARDS_REQUESTS, UTILIZATION } from "./assumptions.ts";
import type { Measured } from "./measured.ts";
import { LIMITS, metAt, needsOf } from "./model.ts";

const LOADS = [1, 10, 100, 1_000, 10_000];
const DATA_CENTERS = [1, 10, 100, 300];
const MAX_LOAD = Math.max(...LOADS);

/** @returns Markdown */
export function scaleTables(measured: Measured): string {
  return [
    "What is measured:",
    "",
    ...measured.sources.map((source) => `- ${source}`),
    "",
    "What is assumed:",
    "",
    `- An isolate ends after ${LIFETIMES.short.idle} s without a request and after ${LIFETIMES.short.life / 60} min anyway (the first figure of "cold"), or after ${LIFETIMES.long.idle / 60} min and ${LIFETIMES.long.life / 3600} h (the second)`,
    `- Another isolate starts when those of a data center compute ${UTILIZATION * 100} % of the time`,
    "- Requests arrive at random, evenly over data centers and isolates, all of one account, with one picture and one stored label set",
    "- There are as many isolates of the gateway as of the image tower",
    `- Prices in dollars a million: requests ${PRICES.request}, milliseconds of CPU time ${PRICES.cpuMs}, reads of R2 ${PRICES.readOfR2}, logged events ${PRICES.loggedEvent}; a cold tower asks the shards Worker ${SHARDS_REQUESTS} times; a classification is ${LOGGED.lines} lines and ${LOGGED.invocations} invocations in the logs, and ${LOGGED.spans} spans if it is traced, which one in ${1 / LOGGED.traced} is`,
    "",
    loadTable(measured),
    "",
    limitTable(measured),
  ].join("\n");
}

function loadTable(measured: Measured): string {
  const rows = LOADS.flatMap((perSecond) =>
    DATA_CENTERS.map((dataCenters) => {
      const needs = needsOf({ perSecond, dataCenters }, measured);
      return [
        count(perSecond),
        count(dataCenters),
        count(needs.isolates),
        count(needs.processors),
        `${percent(needs.cold.short)} / ${percent(needs.cold.long)}`,
        count(needs.checksOfR2),
        count(needs.readsOfR2),
        count(needs.kvWrites),
        count(needs.objectRequests),
        count(needs.consumers),
        `${count(needs.dollars.warm)} $`,
        `${count(needs.dollars.cold.filled)} / ${count(needs.dollars.cold.empty)} $`,
        `${count(needs.dollars.logs)} $`,
      ];
    }),
  );
  return table(
    [
      "requests a second",
      "data centers",
      "image towers",
      "processors at work",
      "cold",
      "R2 reads a second for label sets",
      "for towers, if no cache is filled",
      "KV writes to a new set's key in its first second",
      "Durable Object a second, sets by name",
      "queue consumers, all in batches",
      "a month: requests, CPU time, label sets",
      "cold towers, caches filled / none filled",
      "logs and traces",
    ],
    rows,
  );
}

function limitTable(measured: Measured): string {
  const rows = LIMITS.map((limit) => [
    limit.name,
    ...DATA_CENTERS.map((dataCenters) => {
      const at = metAt(limit, dataCenters, measured, MAX_LOAD);
      return at === null ? "not met" : count(at);
    }),
    limit.happens,
    limit.turn,
  ]);
  const met = DATA_CENTERS.map((each) => (each === 1 ? "1 data center" : String(each)));
  return table(
    ["limit, met from … requests a second on with", ...met, "what happens then", "what to turn"],
    rows,
  );
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [columns, columns.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Two digits, or all of a whole number up to 100. */
function count(value: number): string {
  if (value === 0) return "0";
  if (Number.isInteger(value) && value <= 100) return String(value);
  const rounded = Number(value.toPrecision(2));
  return rounded.toLocaleString("en", { maximumFractionDigits: 3 });
}

function percent(share: number): string {
  const value = 100 * share;
  return value < 0.01 ? "< 0.01 %" : `${Number(value.toPrecision(2))} %`;
}
