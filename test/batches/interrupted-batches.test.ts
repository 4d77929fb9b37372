/** Batches while everything fails: each line is answered once, as a request is. `test/full/` has 2,000 lines. */
import OpenAI from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type HostileWorkers, startHostile } from "./support/hostile.ts";
import { compareAll, manyLines, runAll } from "./support/many-lines.ts";

const LINES = 24;
const KILLS = 6;

let workers: HostileWorkers;

beforeAll(async () => {
  workers = await startHostile();
});

afterAll(async () => {
  await workers.dispose();
});

it(
  "answers every line once, though the jobs Worker, objects, R2, queue and towers fail",
  { timeout: 300_000 },
  async () => {
    const client = new OpenAI({ baseURL: `${workers.url}/v1`, apiKey: "none", maxRetries: 10 });
    const lines = await manyLines(LINES);
    await workers.set({ failing: 0.03, kills: KILLS, copies: 2, busy: 0.1 });
    const batches = await runAll(client, lines, 280_000);
    expect(await workers.killed()).toBe(KILLS);
    await workers.set({ failing: 0, kills: 0, copies: 1, busy: 0 });
    await compareAll(client, workers.url, lines, batches);
  },
);
