/**
 * `node test/attack/fuzz.ts [requests] [seed]`: as many hostile requests as it is told, 10,000 unless told, to the real
 * Workers. Prints what was answered how often, and fails if any answer was not the contract's.
 */
import setup from "../support/bundle-workers.ts";
import { request } from "../support/request.ts";
import { startWorkers } from "../support/workers.ts";
import { runFuzz } from "./run-fuzz.ts";

const [count = 10_000, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);

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
