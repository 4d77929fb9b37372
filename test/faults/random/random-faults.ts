/**
 * `node test/faults/random/random-faults.ts [requests] [seed]`: sends requests under random faults, 5,100 by default.
 * Prints the faults that occurred and the outcomes. Fails if an answer was wrong.
 */
import { rm } from "node:fs/promises";
import setup from "../../support/bundle-workers.ts";
import { prepare } from "../deployment.ts";
import { runRandom } from "./run-random.ts";

const [count = 5_100, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);

const byCount = (counts: Map<string, number>): [string, number][] =>
  [...counts].toSorted(([, a], [, b]) => b - a);

await setup();
const prepared = await prepare();
try {
  const { outcomes, struck, wrong } = await runRandom(prepared, count, seed);
  console.log(`${count} requests, seed ${seed}`);
  for (const [outcome, times] of byCount(outcomes)) console.log(`${times}\t${outcome}`);
  console.log(`faults that occurred: ${[...struck.values()].reduce((sum, times) => sum + times, 0)}`);
  for (const [fault, times] of byCount(struck)) console.log(`${times}\t${fault}`);
  console.log(`wrong answers: ${wrong.length}`);
  for (const each of wrong.slice(0, 30)) console.log(`- ${each}`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  await rm(prepared.storage, { recursive: true });
}
