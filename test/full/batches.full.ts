/**
 * 2,000 lines of all four endpoints: once as they are, and once while the jobs Worker is killed 20 times, R2, objects
 * and queue fail, and messages are delivered twice. Each line is answered once, with the bits of a request's answer.
 */
import OpenAI from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type HostileWorkers, startHostile } from "../batches/support/hostile.ts";
import { compareAll, manyLines, runAll } from "../batches/support/many-lines.ts";

/** Lines of each endpoint. */
const LINES = 500;
const PATIENCE_MS = 1_200_000;

let workers: HostileWorkers;
let client: OpenAI;

beforeAll(async () => {
  workers = await startHostile();
  client = new OpenAI({ baseURL: `${workers.url}/v1`, apiKey: "none", maxRetries: 10 });
});

afterAll(async () => {
  await workers.dispose();
});

it.runIf(process.env["SMOKE"] !== "1").each([
  ["as they are", { failing: 0, kills: 0, copies: 1, busy: 0 }],
  ["while everything fails", { failing: 0.03, kills: 20, copies: 2, busy: 0.1 }],
])("are answered once, %s", { timeout: 2 * PATIENCE_MS }, async (_, faults) => {
  const lines = await manyLines(LINES);
  await workers.set(faults);
  const batches = await runAll(client, lines, PATIENCE_MS);
  expect(await workers.killed()).toBe(faults.kills);
  await workers.set({ failing: 0, kills: 0, copies: 1, busy: 0 });
  await compareAll(client, workers.url, lines, batches);
});
