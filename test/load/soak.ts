/**
 * `node test/load/soak.ts [--minutes 15] [--clients 6] [--seed 1] [--full]`: sends mixed traffic to the real Workers
 * for some minutes. Prints, and writes to `docs/benchmarks/soak.md` (with `ENGINE=ort`, to `soak-ort.md`) the number of
 * requests, their times, wrong answers, and the memory of every isolate in each minute, which a chart also shows. With
 * `--full`, the model has full size. Exits with 1 if any answer was neither right nor a refusal of the contract.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readCommandLine } from "../../build/command-line/command.ts";
import { wholeNumber } from "../../build/command-line/values.ts";
import { Dice } from "../attack/grammar/dice.ts";
import { RawClient } from "../attack/raw-request.ts";
import { writeLineChart } from "../../scripts/charts/line-chart.ts";
import { quantile } from "../bench/harness/statistics.ts";
import { DEFAULT_ENGINE, parseEngine } from "../../model-shards/plan-stages.ts";
import setup from "../support/bundle-workers.ts";
import { fullSizeModel } from "../support/full-size.ts";
import { startWorkers, totalBytes, type Workers } from "../support/workers.ts";
import { pickKind, trafficOf } from "./traffic.ts";

const ENGINE = parseEngine(process.env["ENGINE"]);
const NAME = ENGINE === DEFAULT_ENGINE ? "soak" : `soak-${ENGINE}`;
const DOCUMENT = join(import.meta.dirname, "../../docs/benchmarks", NAME);
const MINUTE = 60_000;

const { minutes, clients, seed, full } = readCommandLine(
  {
    usage: "npm run soak -- [options]",
    about:
      "Mixed traffic on the real Workers for a while, written to docs/benchmarks/soak.md; with ENGINE=ort, to soak-ort.md.",
    options: {
      minutes: { type: "string", value: "<n>", default: "15", about: "how long" },
      clients: { type: "string", value: "<n>", default: "6", about: "number of clients at a time" },
      seed: { type: "string", value: "<n>", default: "1", about: "the same traffic for the same seed" },
      full: { type: "boolean", default: false, about: "the full-size model" },
    },
  },
  (options) => ({
    minutes: wholeNumber("--minutes", options.minutes),
    clients: wholeNumber("--clients", options.clients),
    seed: wholeNumber("--seed", options.seed, { least: 0 }),
    full: options.full,
  }),
);

/** Milliseconds of each request, by kind. */
const latencies = new Map<string, number[]>();
/** Number of answers that were not right, by kind and outcome. */
const errors = new Map<string, number>();
/** Bytes that each isolate held at each sample, by the isolate's name. */
const held = new Map<string, [minute: number, bytes: number][]>();

async function drive(workers: Workers, client: RawClient, until: number): Promise<void> {
  const kinds = await trafficOf(workers.url, client);
  for (const { name } of kinds) latencies.set(name, []);
  const one = async (dice: Dice): Promise<void> => {
    while (Date.now() < until) {
      const kind = pickKind(kinds, dice);
      const start = performance.now();
      const error = await kind.send(dice).catch(String);
      latencies.get(kind.name)?.push(performance.now() - start);
      if (error !== undefined)
        errors.set(`${kind.name}: ${error}`, (errors.get(`${kind.name}: ${error}`) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, i) => one(new Dice(seed + i))));
}

/**
 * Sends one request of each kind. Memory is compared only after that, because a deployment that has done no work holds
 * little.
 */
async function warmUp(workers: Workers, warmClient: RawClient): Promise<void> {
  for (const kind of await trafficOf(workers.url, warmClient)) await kind.send(new Dice(seed));
}

async function sample(workers: Workers, minute: number): Promise<void> {
  for (const [name, memory] of await workers.memory()) {
    held.set(name, [...(held.get(name) ?? []), [minute, totalBytes(memory)]]);
  }
}

/** The same after garbage collection: once everything is loaded, halfway and at the end. */
const kept: Map<string, number>[] = [];
const KEPT_AT = ["start", "halfway", "end"];

async function sampleKept(workers: Workers): Promise<void> {
  const memory = await workers.memory(true);
  kept.push(new Map([...memory].map(([name, each]) => [name, totalBytes(each)])));
}

async function sampleEachMinute(workers: Workers, start: number, until: number): Promise<void> {
  for (let minute = 1; start + minute * MINUTE <= until; minute++) {
    await new Promise((resolve) => setTimeout(resolve, start + minute * MINUTE - Date.now()));
    await sample(workers, minute);
    if (minute === Math.ceil(minutes / 2)) await sampleKept(workers);
    console.log(
      `minute ${minute}: ${[...held].map(([name, at]) => `${name} ${megabytes(at.at(-1)?.[1])}`).join(", ")}`,
    );
  }
}

const megabytes = (bytes = 0): string => (bytes / 1e6).toFixed(1);

function report(): string {
  const rows = [...latencies].map(([name, times]) => {
    const wrong = [...errors]
      .filter(([error]) => error.startsWith(`${name}:`))
      .reduce((sum, [, count]) => sum + count, 0);
    return `| ${name} | ${times.length} | ${wrong} | ${[0.5, 0.95, 0.99].map((share) => quantile(times, share).toFixed(0)).join(" | ")} |`;
  });
  const total = [...latencies.values()].reduce((sum, { length }) => sum + length, 0);
  const wrong = [...errors].map(([error, count]) => `- ${count} × ${error}`).join("\n");
  const minutesSampled = [...(held.values().next().value ?? [])].map(([minute]) => minute);
  const memory = [...held].map(
    ([name, at]) => `| ${name} | ${at.map(([, bytes]) => megabytes(bytes)).join(" | ")} |`,
  );
  return `# Soak, engine \`${ENGINE}\`

Written by \`node test/load/soak.ts --minutes ${minutes} --clients ${clients} --seed ${seed}${full ? " --full" : ""}\`: ${total} requests of
${clients} clients at a time, to the real Workers with the ${full ? "full-size" : "demonstration"} model. The times are from a
machine whose two cores were shared by clients, Workers and other work. The results are the memory and the number of wrong answers.

| kind of request | requests | wrong answers | p50 ms | p95 ms | p99 ms |
|---|---|---|---|---|---|
${rows.join("\n")}

${wrong === "" ? "No answer was wrong." : `Wrong answers:\n\n${wrong}`}

Bad input comes from [the fuzzer](../../test/attack/grammar/hostile-request.ts); the right answer is the one that the API's contract demands.

Memory of each isolate, 10⁶ bytes, by the minute; the limit is 128:

| | ${minutesSampled.join(" | ")} |
|---|${minutesSampled.map(() => "---|").join("")}
${memory.join("\n")}

![](${NAME}.png)

Memory after a forced garbage collection, at the start, halfway and at the end. What remains does not grow.

| | ${KEPT_AT.join(" | ")} |
|---|${KEPT_AT.map(() => "---|").join("")}
${[...held.keys()].map((name) => `| ${name} | ${kept.map((each) => megabytes(each.get(name))).join(" | ")} |`).join("\n")}
`;
}

await setup();
const workers = await startWorkers(full ? { model: await fullSizeModel(256) } : {});
const client = new RawClient(workers.url, clients);
try {
  await sample(workers, 0);
  await warmUp(workers, client);
  await sampleKept(workers);
  const start = Date.now();
  const until = start + minutes * MINUTE;
  await Promise.all([drive(workers, client, until), sampleEachMinute(workers, start, until)]);
  await sampleKept(workers);
  const text = report();
  console.log(text);
  await writeFile(`${DOCUMENT}.md`, text);
  await writeLineChart(`${DOCUMENT}.png`, {
    title: "What each isolate holds under mixed traffic",
    x: "minutes",
    y: "10⁶ bytes",
    // The axes are logarithmic, so the start is drawn at a tenth of a minute.
    lines: [...held].map(([name, at]) => ({
      name,
      points: at.map(([minute, bytes]) => [Math.max(minute, 0.1), bytes / 1e6]),
    })),
  });
  process.exitCode = errors.size === 0 ? 0 : 1;
} finally {
  client.close();
  await workers.dispose();
}
