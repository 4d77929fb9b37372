/**
 * A large set is completed with the right vectors if something fails once during the computation. No client has to
 * repeat its request.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleBase64 } from "../support/example-pictures.ts";
import { type Answer, request } from "../support/send-request.ts";
import { type FaultyDeployment, startFaulty } from "./deployment.ts";
import type { FaultRule } from "./fault-worker.ts";

/** Enough labels for two parts. */
const LABELS = Array.from({ length: 1001 }, (_, i) => `label ${i}`);

const FAULTS: [what: string, rule: FaultRule][] = [
  ["the text tower fails", { on: "TEXT.embedTokens", kind: "error" }],
  ["R2 does not take a part", { on: "SETS.put", kind: "error", key: "/0" }],
  ["R2 does not take the claim", { on: "SETS.put", kind: "error", key: "{revision}" }],
  ["the plan is damaged", { on: "SETS.get", kind: "wrong-bytes", key: "/plan" }],
  ["a block of the plan is damaged", { on: "SETS.get", kind: "wrong-bytes", key: "/0" }],
  ["a part is damaged", { on: "SETS.get", kind: "wrong-bytes", key: "/1" }],
  ["the queue does not take the next message", { on: "BUILDS.send", kind: "error" }],
];

let workers: FaultyDeployment;
let image: string;
let right: unknown;

/**
 * Builds a set while something fails.
 * @param negative a negative label, which makes it another set with the same labels
 * @returns the set's scores of a picture, and the faults that occurred
 */
async function build(
  negative: string,
  rules: FaultRule[],
): Promise<{ rows: unknown; struck: Record<string, number> }> {
  const { url } = workers;
  const set = { labels: LABELS, templates: "none", negative: [negative] };
  const { status, body } = await request("POST", `${url}/v1/label_sets`, set);
  expect(status).toBe(202);
  const told = rules.map((rule) => ({
    ...rule,
    times: 1,
    key: rule.key?.replace("{revision}", body.revision) ?? "",
  }));
  // The first message is delivered a second later.
  await workers.fail({ rules: told });
  await finished(body.id);
  const question = { image, label_set: body.id, top_k: LABELS.length };
  const answer = await request("POST", `${url}/v1/classify`, question);
  const [{ label_set: used, ...scores }] = answer.body.data as [{ label_set: string }];
  expect(used).toBe(body.id);
  return { rows: scores, struck: await workers.fail({}) };
}

/**
 * Reads the list of sets until the set is complete. Unlike other requests, reading the list does not resume a stopped
 * build.
 */
async function finished(id: string): Promise<void> {
  const isReady = ({ body }: Answer): boolean =>
    body.data?.find((set: { id: string }) => set.id === id)?.status === "ready";
  while (!isReady(await request("GET", `${workers.url}/v1/label_sets?limit=100`))) {
    await sleep(300);
  }
}

beforeAll(async () => {
  image = await exampleBase64("fox.png");
  workers = await startFaulty();
  right = (await build("nothing", [])).rows;
});

afterAll(async () => {
  await workers.dispose();
});

describe("a large set is finished when", { timeout: 120_000 }, () => {
  it.each(FAULTS)("%s", async (what, rule) => {
    const { rows, struck } = await build(what, [rule]);
    expect(Object.keys(struck)).toEqual([`${rule.on} ${rule.kind}`]);
    expect(rows).toEqual(right);
  });
});
