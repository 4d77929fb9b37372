/**
 * Hostile requests from a grammar over all endpoints. No answer may be a 500, have another shape than the contract's,
 * or reveal internals. `node test/attack/fuzz.ts` sends more of them.
 */
import { expect, it, onTestFinished } from "vitest";
import { post } from "../support/post.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { startWorkers } from "../support/workers.ts";
import { faultOf } from "./fault-of-answer.ts";
import { RawClient } from "./raw-request.ts";
import { runFuzz } from "./run-fuzz.ts";

const REQUESTS = 500;

it("answers every hostile request as the contract says, and still works", { timeout: 180_000 }, async () => {
  const seed = Number(process.env["FUZZ_SEED"] ?? 20_261);
  const workers = await startWorkers();
  onTestFinished(() => workers.dispose());
  const client = new RawClient(workers.url, 1);
  for (const method of ["PROPFIND", "PUT", "POST"]) {
    for (const path of ["/", "/docs/", "/v1/models", "/v1/classify", "/nothing"]) {
      const socket = { method, path, headers: { connection: "upgrade", upgrade: "websocket" } };
      expect(faultOf(socket, await client.send(socket)), `${method} ${path}`).toBeUndefined();
    }
  }
  const { outcomes, faults } = await runFuzz(workers, REQUESTS, seed);
  expect(faults, `seed ${seed}`).toEqual([]);
  // The requests must include accepted and refused ones, with many of the refusals.
  expect([...outcomes.keys()].filter((outcome) => outcome.startsWith("2"))).not.toEqual([]);
  expect(outcomes.size).toBeGreaterThan(10);
  const after = { image: await exampleBase64("fox.png"), labels: ["fox", "bus"] };
  expect((await post(`${workers.url}/v1/classify`, after)).body.data[0].prediction).toBe("fox");
  expect(workers.logs.join("\n")).not.toMatch(/Uncaught|internal error/);
});
