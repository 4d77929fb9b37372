/** What the doctor makes of the answers of a deployment on Cloudflare, which no local host gives. */
import { describe, expect, it } from "vitest";
import type { Deployment } from "../../scripts/doctor/ask-deployment.ts";
import { examine } from "../../scripts/doctor/examine.ts";
import type { Finding, Verdict } from "../../scripts/doctor/finding.ts";
import { loadLimit } from "../../scripts/doctor/load-limits.ts";
import { MODEL, onCloudflare } from "./support/on-cloudflare.ts";

type Parts = { [P in keyof Deployment["parts"]]?: object };

/** A part of the report with some of its fields changed. */
function changed(part: keyof Deployment["parts"], fields: object): Parts {
  return { [part]: { value: { ...onCloudflare().parts[part].value, ...fields } } };
}

/** The deployment with other parts. */
function withParts(parts: Parts): Deployment {
  const deployment: Deployment = onCloudflare();
  return { ...deployment, parts: { ...deployment.parts, ...parts } as Deployment["parts"] };
}

function differing(deployment: Deployment): Finding[] {
  return examine(deployment).filter(({ verdict }) => verdict === "differs");
}

const TIMES = `time of a classification by ${MODEL}`;

it("a deployment that is as it should be", () => {
  const findings = examine(onCloudflare());
  expect(differing(onCloudflare())).toEqual([]);
  const ok = (section: string, name: string): unknown =>
    findings.find((each) => each.section === section && each.name.startsWith(name));
  expect(ok("deployment", "data center")).toMatchObject({ value: "FRA" });
  expect(ok("clock", "advances while")).toMatchObject({ verdict: "ok", value: "0 ms" });
  expect(ok("data center's cache", "the manifest")).toMatchObject({ verdict: "ok" });
  expect(ok("data center's cache", "answers of")).toMatchObject({ verdict: "ok" });
  expect(ok(TIMES, "cold image")).toMatchObject({
    verdict: "ok",
    value: expect.stringMatching(/^330 ms to load/),
  });
  expect(ok("queues", "messages on batches")).toMatchObject({ verdict: "ok" });
});

const { clock } = onCloudflare().parts.host.value;
const [r2] = onCloudflare().parts.cache.value.answers;
const failing = { waiting: null, oldest_seconds: null, error: "Error: no metrics" };

describe("what differs", () => {
  it.each<[what: string, parts: Parts, section: string, name: string]>([
    [
      "a clock that advances",
      changed("host", { clock: { ...clock, computing_ms: 9 } }),
      "clock",
      "while code",
    ],
    [
      "a clock that never advances",
      changed("host", { clock: { ...clock, across_io_ms: 0 } }),
      "clock",
      "across a read",
    ],
    [
      "no cache",
      changed("cache", { has_cache: false, answers: [r2, r2, r2] }),
      "data center's cache",
      "three times",
    ],
    [
      "a cache that keeps nothing",
      changed("cache", { answers: [r2, r2, r2] }),
      "data center's cache",
      "three times",
    ],
    [
      "answers of the cache that count",
      changed("invocations", { answered: 32, cached: 32, error: "Error: too many" }),
      "data center's cache",
      "in one request",
    ],
    ["a queue that cannot be asked", changed("host", { queue: failing }), "queues", "label sets"],
    [
      "a queue of batches that cannot be asked",
      changed("host", { batch_queue: failing }),
      "queues",
      "on batches",
    ],
    [
      "a message that waits",
      changed("host", { queue: { waiting: 1, oldest_seconds: 301, error: null } }),
      "queues",
      "label sets",
    ],
    ["other rate limits", changed("host", { rate_limits: "LIMIT_FREE=1/10" }), "deployment", "rate limits"],
    ["access for everybody", changed("host", { access: "open" }), "deployment", "access"],
    ["keys without a secret", changed("host", { has_pepper: false }), "deployment", "keys are hashed"],
    [
      "sets that nobody computes",
      changed("label_sets", { uncomputed: 1 }),
      "label sets of all accounts",
      "for no",
    ],
    ["refusals", changed("host", { met_limits: { overloaded: 2 } }), "limits met", "refusals"],
    ["a part without an answer", { cache: { error: "no answer" } }, "data center's cache", "part"],
  ])("%s", (_, parts, section, name) => {
    expect(differing(withParts(parts))).toMatchObject([{ section, name: expect.stringContaining(name) }]);
  });

  it("a stage of the image tower that does not answer, by its number", () => {
    const [model] = onCloudflare().parts.towers.value.models;
    const [first] = model?.image ?? [];
    const failed = { ...first, name: "image 2", error: "Error: gone" };
    const parts = changed("towers", { models: [{ ...model, image: [first, failed] }] });
    expect(differing(withParts(parts))).toMatchObject([
      { section: "models", value: expect.stringMatching(/in 2 stages, of which stage 2 does not answer$/) },
      { section: "Workers, one isolate each", name: `${MODEL}, image 2`, value: "Error: gone" },
    ]);
    const silent = changed("towers", { models: [{ ...model, image_stages: null, image: [failed] }] });
    expect(differing(withParts(silent))[0]?.value).toMatch(/, an image tower that does not answer$/);
  });
});

it("sets that are being computed, used with another model, or to be stored again are none", () => {
  const models = [
    { model: "a@0123456789abcdef", ready: 1, building: 0, missing_examples: 2, bytes: 4e5 },
    { model: "b@0123456789abcdef", ready: 2, building: 1, missing_examples: 0, bytes: 8e5 },
  ];
  const findings = examine(withParts(changed("label_sets", { sets: 9, models })));
  expect(findings.filter(({ section }) => section === "label sets of all accounts")).toMatchObject([
    { verdict: "ok", value: "1 of 9 computed, 2 without vectors of their examples, 0.4 MB" },
    { verdict: "ok", value: "2 of 9 computed, 1 being computed, 0.8 MB" },
    { verdict: "ok", value: "0" },
  ]);
});

it.each<[from: string, ms: number, verdict: Verdict]>([
  // Those that docs/cold-start.md has, and far more.
  ["cache", 330, "ok"],
  ["cache", 8_000, "differs"],
  ["r2", 700, "ok"],
  ["r2", 2_150, "ok"],
  ["r2", 20_000, "differs"],
  ["repaired", 100, "differs"],
])("an image tower that is loaded from %s in %d ms: %s", (from, ms, verdict) => {
  const deployment = onCloudflare();
  deployment.classifications[0]?.answers[0]?.value.timings.set("image-load", { ms, from });
  const cold = examine(deployment).find(({ name }) => name === "cold image tower");
  expect(cold?.verdict).toBe(verdict);
});

it("a load of unknown bytes is neither", () => {
  const cold = examine(withParts({ towers: { error: "no answer" } })).find(
    ({ name }) => name === "cold text tower",
  );
  expect(cold?.verdict).toBe("unknown");
  expect(loadLimit("cache", 92e6)).toBeLessThan(loadLimit("r2", 92e6) ?? 0);
});

it("the times of each model are lines of their own", () => {
  const deployment: Deployment = onCloudflare();
  deployment.classifications.push({
    model: "other@0123456789abcdef",
    answers: [{ error: "/v1/classify answers 503" }],
  });
  expect(differing(deployment)).toMatchObject([
    { section: "time of a classification by other@0123456789abcdef", value: "/v1/classify answers 503" },
  ]);
});
