/**
 * From 0.1.0 to this release and back while clients send requests, as docs/upgrade.md describes it: 0.1.0 is deployed
 * by its own scripts to the stand-in for Cloudflare, which runs what it is sent.
 */
import { setTimeout } from "node:timers/promises";
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
/** Sets that no request may wait for: nobody has asked for them since they were computed, so only R2 has them. */
const LARGE_SETS = ["red", "green", "blue"];
const LARGE_LABELS = 2_000;
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
  /** Ids of the large sets. */
  let large: string[];
  let revision: string;
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

  /**
   * Computes the large sets as 0.1.0 did in a deployment, because the stand-in delivers no messages. KV forgets them,
   * as it does after 30 days.
   */
  async function computeByFormer(): Promise<void> {
    const operator = { authorization: `Bearer ${await account.newKey(true)}` };
    for (let after: string | null = ""; after !== null;) {
      const { status, body } = await request("POST", `${url}/v1/operator/warm_up`, { after }, operator);
      expect(status, JSON.stringify(body)).toBe(200);
      ({ after, revision } = body as { after: string | null; revision: string });
    }
    const { namespaces } = account.cloudflare.account.state;
    const cache = await account.cloudflare.running.namespace(namespaces["edgeclip-cache"] ?? "");
    const { keys } = await cache.list({ prefix: "labels2/" });
    for (const { name } of keys) await cache.delete(name);
  }

  const stored = async (): Promise<Awaited<ReturnType<typeof account.cloudflare.running.bucket>>> =>
    await account.cloudflare.running.bucket("edgeclip-label-sets");

  /** Large sets of which R2 has the vectors that 0.1.0 made. */
  async function kept(): Promise<string[]> {
    const bucket = await stored();
    const heads = await Promise.all(
      large.map(async (id) => ((await bucket.head(`vectors/${id}/${revision}`)) === null ? [] : [id])),
    );
    return heads.flat();
  }

  /** Asks for each set for the first time, once the new release has its vectors. @returns who served then */
  async function askOnceComputed(ids: readonly string[]): Promise<string[]> {
    const bucket = await stored();
    const served: string[] = [];
    for (const id of ids) {
      while ((await bucket.head(`vectors/${id}/${revision}/labels4`)) === null) await setTimeout(20);
      await classify(id);
      served.push(account.serving());
    }
    return served;
  }

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
    large = [];
    for (const color of LARGE_SETS) {
      const labels = Array.from({ length: LARGE_LABELS }, (_, i) => `${color} ${i}`);
      const answer = await post("/v1/label_sets", { labels });
      expect(answer.status).toBe(202);
      large.push(answer.body.id);
    }
    // In the order in which a deployment computes them.
    large.sort();
    await computeByFormer();
    expect(await kept()).toEqual(large);
  });

  it("changes the release without a failed request", async () => {
    clients = load();
    const asking = askOnceComputed(large.slice(0, 2));
    await account.deploy();
    await expectNoFailure();
    expect((await asking)[0]).toBe(former);
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
    for (const id of large) await classify(id);
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
    for (const id of large) await classify(id);
  });

  it("keeps the former vectors until nobody can go back to 0.1.0", async () => {
    await account.deploy();
    expect(await kept()).toEqual(large);
    await account.scripts.collectGarbage();
    await account.deploy();
    expect(await kept()).toEqual([]);
    for (const id of large) await classify(id);
  });
});
