/** What a soak saw: its document, its chart, and what of it is not as it should be. */
import type { Chart } from "../../scripts/charts/line-chart.ts";
import { median, quantile } from "../bench/harness/statistics.ts";

/** Bytes that an isolate may hold: Cloudflare's limit is 128 × 10⁶, and a margin belongs to it. */
const LIMIT_BYTES = 120_000_000;
/** An isolate grows if it keeps this much more at the end than halfway: a tenth, and what one request may leave. */
const GROWTH = 1.1;
const GROWTH_BYTES = 3_000_000;
/** As many as the chart can tell apart. */
const LINES_OF_CHART = 4;

export interface Soak {
  /** The command. */
  command: string;
  engine: string;
  model: string;
  clients: number;
  /** The machine's load before, one minute's average. */
  load: number;
  /** A line on the machine and the date. */
  machine: string;
  /** Milliseconds of each request, by kind. */
  latencies: ReadonlyMap<string, number[]>;
  /** Number of answers that were not right, by kind and outcome. */
  errors: ReadonlyMap<string, number>;
  /** The most bytes that an isolate held in each minute, by its name. */
  held: ReadonlyMap<string, readonly number[]>;
  /** The bytes that an isolate held after garbage collection, at the start, halfway and at the end, by its name. */
  kept: ReadonlyMap<string, readonly number[]>;
}

/** @returns in words, what a soak must not show; empty if all is well */
export function faultsOf({ errors, held, kept }: Pick<Soak, "errors" | "held" | "kept">): string[] {
  const wrong = [...errors].map(([error, count]) => `${count} × ${error}`);
  const large = [...held].flatMap(([name, bytes]) => {
    const most = Math.max(...bytes);
    return most > LIMIT_BYTES ? [`${name} held ${megabytes(most)} MB`] : [];
  });
  const growing = [...kept].flatMap(([name, [, halfway = NaN, end = NaN]]) =>
    end <= halfway * GROWTH + GROWTH_BYTES
      ? []
      : [`${name} kept ${megabytes(halfway)} MB halfway and ${megabytes(end)} MB at the end`],
  );
  return [...wrong, ...large, ...growing];
}

export function reportOf(soak: Soak, picture: string): string {
  const { command, engine, model, clients, load, machine, latencies, held, kept } = soak;
  const faults = faultsOf(soak);
  const requests = [...latencies].map(([name, times]) => {
    const p95 = quantile(times, 0.95);
    return row([
      name,
      times.length,
      median(times).toFixed(0),
      p95.toFixed(0),
      quantile(times, 0.99).toFixed(0),
    ]);
  });
  const total = [...latencies.values()].reduce((sum, { length }) => sum + length, 0);
  const minutes = Math.max(...[...held.values()].map(({ length }) => length));
  return `# Soak, engine \`${engine}\`

Written by \`${command}\`: ${total.toLocaleString("en")} requests of ${clients} clients at a time, to the real Workers with
the ${model} model, in ${minutes} minutes. Clients and Workers share the machine, whose load was ${load.toFixed(1)} before they began (one
minute's average): what counts is the memory and the answers, not the times.

**${faults.length === 0 ? `No answer was wrong, no isolate held more than ${megabytes(LIMIT_BYTES)} MB, and none grew between halfway and the end by more than a tenth and ${megabytes(GROWTH_BYTES)} MB.` : "What must not be:"}**
${faults.map((fault) => `\n- ${fault}`).join("")}
| kind of request | requests | p50 ms | p95 ms | p99 ms |
| --- | --- | --- | --- | --- |
${requests.join("\n")}

Bad input comes from [the fuzzer](../../test/attack/grammar/hostile-request.ts); the right answer is the one that the API's contract demands.

The most that each isolate held in each minute, sampled every second, MB (10⁶ bytes):

${row(["", ...Array.from({ length: minutes }, (_, minute) => minute + 1)])}
${row(Array.from({ length: minutes + 1 }, () => "---"))}
${[...held].map(([name, bytes]) => row([name, ...bytes.map(megabytes)])).join("\n")}

![The most memory of the ${LINES_OF_CHART} largest isolates, by the minute](${picture})

The same after a forced garbage collection. An isolate grows if the end is above halfway by more than a tenth and ${megabytes(GROWTH_BYTES)} MB.

| | start | halfway | end |
| --- | --- | --- | --- |
${[...kept].map(([name, bytes]) => row([name, ...bytes.map(megabytes)])).join("\n")}

Measured on ${machine}.
`;
}

export function chartOf({ held }: Pick<Soak, "held">): Chart {
  return {
    title: "The most that an isolate held in each minute",
    x: "minutes",
    y: "10⁶ bytes",
    evenX: true,
    evenY: true,
    lines: [...held]
      .toSorted(([, a], [, b]) => Math.max(...b) - Math.max(...a))
      .slice(0, LINES_OF_CHART)
      .map(([name, bytes]) => ({ name, points: bytes.map((each, minute) => [minute + 1, each / 1e6]) })),
  };
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes % 1e6 === 0 ? 0 : 1);
}
