/**
 * From 0.1.0 to this release and back while clients send requests, as docs/upgrade.md describes it: 0.1.0 is deployed by
 * its own scripts to the stand-in for Cloudflare, which runs what it is sent.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { wrangler } from "../../scripts/cloudflare/wrangler.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { request } from "../support/send-request.ts";
import { steadyRequests, type SteadyRequests } from "../support/steady-requests.ts";
import { COMMIT, formerScripts, hasHistory } from "./former-release.ts";
import { ReleaseAccount } from "./release-account.ts";

const isThere = hasHistory();
if (!isThere) {
  console.warn(
    `skipped: commit ${COMMIT}, version 0.1.0, is not in this clone; git fetch --unshallow gets it`,
  );
}

const LABELS = ["fox", "rabbit", "bus", { label: "grapes", prompts: ["a photo of grapes"] }];
/** Leads to the set; 0.1.0 has no such names. */
const NAME = "what-is-shown";
const QUEUE = "edgeclip-builds";
/** The engines round differently. */
const TOLERANCE = 0.02;

interface Prediction {
  prediction: string;
  predictions: { label: string; score: number }[];
}

describe.skipIf(!isThere)("an upgrade from 0.1.0", { timeout: 600_000 }, () => {
  let account: ReleaseAccount;
  let url: string;
  let bearer: { authorization: string };
  let image: string;
  let set: string;
  let former: string;
  let before: Prediction;
  let clients: SteadyRequests;

  beforeAll(async () => {
    account = await ReleaseAccount.open();
    // The engines that the two releases deploy by default.
    vi.stubEnv("ENGINE", "ort");
    image = await exampleBase64("fox.png");
    const scripts = await formerScripts();
    url = await scripts.deploy(
      [],
      async (use) => await use(await account.cloudflare.running.bucket("edgeclip-models")),
    );
    vi.stubEnv("ENGINE", "simd");
    former = account.serving();
    bearer = { authorization: `Bearer ${await account.newKey()}` };
  }, 600_000);

  afterAll(async () => {
    await account.close();
  });

  const post = async (path: string, body: object): ReturnType<typeof request> =>
    await request("POST", `${url}${path}`, body, bearer);

  async function classify(named = set): Promise<Prediction> {
    const { status, body } = await post("/v1/classify", { images: [image], label_set: named });
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body.data[0];
  }

  const load = (): SteadyRequests =>
    steadyRequests(`${url}/v1/classify`, { images: [image], label_set: set }, bearer);

  async function expectNoFailure(): Promise<void> {
    await clients.stop();
    expect([...clients.counts.keys()].map((outcome) => outcome.slice(0, 4))).toEqual(["200 "]);
    expect([...clients.counts.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(20);
  }

  function expectLike(answer: Prediction): void {
    const scores = ({ predictions }: Prediction): Map<string, number> =>
      new Map(predictions.map(({ label, score }) => [label, score]));
    expect(answer.prediction).toBe(before.prediction);
    expect([...scores(answer).keys()].toSorted()).toEqual([...scores(before).keys()].toSorted());
    for (const [label, score] of scores(before)) {
      expect(Math.abs((scores(answer).get(label) ?? NaN) - score), label).toBeLessThan(TOLERANCE);
    }
  }

  it("begins with a deployment of 0.1.0 that has a label set", async () => {
    expect(Object.keys(account.cloudflare.account.state.workers)).not.toContain("edgeclip-state");
    const { status, body } = await post("/v1/label_sets", { labels: LABELS });
    expect(status, JSON.stringify(body)).toBe(201);
    set = body.id;
    before = await classify();
    expect(before.prediction).toBe("fox");
  });

  it("changes the release without a failed request", async () => {
    clients = load();
    await account.deploy();
    await expectNoFailure();
    expect(account.serving()).not.toBe(former);
    expect(account.cloudflare.account.state.queues[QUEUE]).toMatchObject([{ script: "edgeclip-jobs" }]);
  });

  it("keeps keys, label sets' ids and answers, and computes the stored sets before it serves", async () => {
    const { status, body } = await request("GET", `${url}/v1/label_sets/${set}`, undefined, bearer);
    expect([status, body.id, body.status]).toEqual([200, set, "ready"]);
    const again = await post("/v1/label_sets", { labels: LABELS, name: NAME });
    expect([again.status, again.body.id]).toEqual([200, set]);
    expectLike(await classify());
  });

  it("goes back by the command that the deployment prints, without a failed request", async () => {
    clients = load();
    await wrangler(["rollback", former, "--name", "edgeclip", "--yes"]);
    expect(account.serving()).toBe(former);
    await wrangler(["queues", "consumer", "remove", QUEUE, "edgeclip-jobs"]);
    const settings = ["--batch-size", "1", "--batch-timeout", "1", "--message-retries", "10"];
    await wrangler(["queues", "consumer", "add", QUEUE, "edgeclip", ...settings]);
    expect(account.cloudflare.account.state.queues[QUEUE]).toMatchObject([{ script: "edgeclip" }]);
    // What follows is served by the former release alone.
    expect(await classify()).toEqual(before);
    await expectNoFailure();
  });

  it("goes forward again, where names are as they were", async () => {
    clients = load();
    await account.deploy();
    await expectNoFailure();
    expect(account.serving()).not.toBe(former);
    expect(account.cloudflare.account.state.queues[QUEUE]).toMatchObject([{ script: "edgeclip-jobs" }]);
    expectLike(await classify());
    expectLike(await classify(NAME));
  });
});
