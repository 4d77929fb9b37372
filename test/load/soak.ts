/**
 * `npm run soak`: sends mixed traffic to the real Workers for some minutes, and writes what `soak-report.ts` makes of
 * it to `docs/benchmarks/soak.md`, with `ENGINE=ort` to `soak-ort.md`. Exits with 1 if any answer was neither right nor
 * a refusal of the contract, or if an isolate held too much or grew.
 */
import { writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readCommandLine } from "../../build/command-line/command.ts";
import { wholeNumber } from "../../build/command-line/values.ts";
import { Dice } from "../attack/grammar/dice.ts";
import { RawClient } from "../attack/raw-request.ts";
import { writeLineChart } from "../../scripts/charts/line-chart.ts";
import { machineLine } from "../bench/harness/machine.ts";
import { DEFAULT_ENGINE, parseEngine } from "../../model-shards/plan-stages.ts";
import setup from "../support/bundle-workers.ts";
import { fullSizeModel } from "../support/models/full-size.ts";
import { peakMemory } from "../support/memory/peak-memory.ts";
import { startWorkers, totalBytes, type Workers } from "../support/workers.ts";
import { chartOf, faultsOf, reportOf } from "./soak-report.ts";
import { pickKind, trafficOf } from "./traffic.ts";

const ENGINE = parseEngine(process.env["ENGINE"]);
const NAME = ENGINE === DEFAULT_ENGINE ? "soak" : `soak-${ENGINE}`;
const DOCUMENT = join(import.meta.dirname, "../../docs/benchmarks", NAME);
const MINUTE = 60_000;
const SAMPLE_INTERVAL = 1_000;

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
/** The most bytes that each isolate held in each minute, by its name. */
const held = new Map<string, number[]>();
/** The bytes that each isolate held after garbage collection: once everything is loaded, halfway and at the end. */
const kept = new Map<string, number[]>();

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

/** The most that each isolate holds in each minute, and halfway what it keeps. */
async function sampleEachMinute(workers: Workers, start: number): Promise<void> {
  for (let minute = 1; minute <= minutes; minute++) {
    const rest = start + minute * MINUTE - Date.now();
    const pause = (): Promise<void> => sleep(rest);
    const peaks = await peakMemory(workers, pause, SAMPLE_INTERVAL);
    for (const [name, { total }] of peaks) held.set(name, [...(held.get(name) ?? []), total]);
    if (minute === Math.ceil(minutes / 2)) await sampleKept(workers);
    console.log(
      `minute ${minute}: ${[...peaks].map(([name, { total }]) => `${name} ${(total / 1e6).toFixed(1)}`).join(", ")}`,
    );
  }
}

/** Samples what each isolate holds after garbage collection. */
async function sampleKept(workers: Workers): Promise<void> {
  for (const [name, memory] of await workers.memory(true))
    kept.set(name, [...(kept.get(name) ?? []), totalBytes(memory)]);
}

const [load = 0] = loadavg();
await setup();
const workers = await startWorkers(full ? { model: await fullSizeModel(256) } : {});
const client = new RawClient(workers.url, clients);
try {
  await warmUp(workers, client);
  await sampleKept(workers);
  const start = Date.now();
  const until = start + minutes * MINUTE;
  await Promise.all([drive(workers, client, until), sampleEachMinute(workers, start)]);
  await sampleKept(workers);
  const soak = {
    command: `${ENGINE === DEFAULT_ENGINE ? "" : `ENGINE=${ENGINE} `}npm run soak -- --minutes ${minutes} --clients ${clients} --seed ${seed}${full ? " --full" : ""}`,
    engine: ENGINE,
    model: full ? "full-size" : "demonstration",
    clients,
    load,
    machine: await machineLine(),
    latencies,
    errors,
    held,
    kept,
  };
  const text = reportOf(soak, `${NAME}.png`);
  console.log(text);
  await writeFile(`${DOCUMENT}.md`, text);
  await writeLineChart(`${DOCUMENT}.png`, chartOf(soak));
  process.exitCode = faultsOf(soak).length === 0 ? 0 : 1;
} finally {
  client.close();
  await workers.dispose();
}
