/** Sends 300 requests under random faults; `node test/faults/random/random-faults.ts` sends thousands. */
import { rm } from "node:fs/promises";
import { expect, it, onTestFinished } from "vitest";
import { prepare } from "../deployment.ts";
import { runRandom } from "./run-random.ts";

it("answers as without faults, or refuses", { timeout: 180_000 }, async () => {
  const seed = Number(process.env["FAULT_SEED"] ?? 20_263);
  const prepared = await prepare();
  onTestFinished(() => rm(prepared.storage, { recursive: true }));
  const { outcomes, struck, wrong } = await runRandom(prepared, 300, seed);
  expect(wrong, `seed ${seed}`).toEqual([]);
  expect(outcomes.get("200")).toBeGreaterThan(100);
  expect(struck.size).toBeGreaterThan(5);
});
