/**
 * `node test/attack/fuzz.ts [requests] [seed]`: sends hostile requests (by default 10,000) to the real Workers. It
 * prints how often each answer came, and fails if any answer violates the contract.
 */
import { readCommandLine } from "../../build/command-line/command.ts";
import { wholeNumber } from "../../build/command-line/values.ts";
import setup from "../support/bundle-workers.ts";
import { request } from "../support/send-request.ts";
import { startWorkers } from "../support/workers.ts";
import { runFuzz } from "./run-fuzz.ts";

const [count, seed] = readCommandLine(
  {
    usage: "npm run fuzz -- [requests] [seed]",
    about: `So many hostile requests to the real Workers, 10,000 unless given; the same ones for the same seed. Exits with 1 if an
answer was not the contract's.`,
    words: ["[requests]", "[seed]"],
  },
  (_, [requests = "10000", number = String(Date.now() % 1_000_000)]) =>
    [wholeNumber("the number of requests", requests), wholeNumber("the seed", number, { least: 0 })] as const,
);

await setup();
const workers = await startWorkers();
try {
  const { outcomes, faults } = await runFuzz(workers, count, seed);
  console.log(`${count} requests, seed ${seed}`);
  for (const [outcome, times] of [...outcomes].toSorted(([, a], [, b]) => b - a))
    console.log(`${times}\t${outcome}`);
  const health = await request("GET", `${workers.url}/healthz`);
  console.log(`then /healthz: ${health.status}; answers that are not the contract's: ${faults.length}`);
  for (const fault of faults.slice(0, 50)) console.log(`- ${fault}`);
  process.exitCode = faults.length === 0 && health.status === 200 ? 0 : 1;
} finally {
  await workers.dispose();
}
