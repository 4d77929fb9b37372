/** Label sets through HTTP, with the R2, KV and queue of a real workerd. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleBase64 } from "../support/example-pictures.ts";
import { IMPATIENT, leaveUpon } from "../support/faulty/impatient.ts";
import { LEDGER, operations, throughLedger } from "../support/faulty/ledger.ts";
import { untilReady } from "../support/label-sets.ts";
import type { Answer } from "../support/post.ts";
import { request } from "../support/send-request.ts";
import { behindSlowR2, SLOW_R2, changeSlowR2, untilRead } from "../support/faulty/slow-r2.ts";
import { textRuns } from "../support/text-runs.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const LABELS = ["fox", "dress", { label: "bus", prompts: ["a red bus", "a bus"], min_similarity: 0.1 }];
const words = (count: number, what: string): string[] =>
  Array.from({ length: count }, (_, i) => `${what} ${i}`);

let workers: Workers;
let fox: string;
let ledger: URL;

beforeAll(async () => {
  workers = await startWorkers({
    change: (name, options) => {
      if (name === "edgeclip-text") return behindSlowR2(options);
      return name === "edgeclip" ? throughLedger(options) : options;
    },
    add: [LEDGER, IMPATIENT, SLOW_R2],
  });
  fox = await exampleBase64("fox.png");
  ledger = await workers.miniflare.unsafeGetDirectURL("ledger");
});

afterAll(async () => {
  await workers.dispose();
});

const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
  request(method, workers.url + path, body);
const create = (body: object): Promise<Answer> => call("POST", "/v1/label_sets", body);
const classify = (body: object): Promise<Answer> => call("POST", "/v1/classify", { image: fox, ...body });

/** Makes storage fail, by binding; everything else works. */
async function down(...bindings: string[]): Promise<void> {
  await fetch(ledger, { method: "POST", body: JSON.stringify(bindings) });
}

describe("the first set of all", () => {
  it("is ready for the second client even if the first one leaves", async () => {
    const body = { labels: words(300, "left") };
    await changeSlowR2(workers, { held: true });
    try {
      const loading = untilRead(workers, "text-00.data");
      expect(await leaveUpon(workers, "/v1/label_sets", body, loading)).toBe(499);
    } finally {
      await changeSlowR2(workers, { held: false });
    }
    const { status, body: created } = await create(body);
    expect([200, 201]).toContain(status);
    expect(created.status).toBe("ready");
  });
});

describe("a label set", () => {
  it("is created, found, listed, used and deleted", async () => {
    const definition = {
      name: "first",
      title: "The first one",
      labels: LABELS,
      templates: ["a {}.", "the {}."],
      negative: ["nothing"],
    };
    const created = await create(definition);
    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: expect.stringMatching(/^ls_[0-9a-f]{32}$/),
      object: "label_set",
      name: "first",
      title: "The first one",
      model: "edgeclip/demo",
      revision: workers.prefix.split("/")[1],
      status: "ready",
      labels: 3,
      prompts: 6,
      prompts_done: 6,
      templates: ["a {}.", "the {}."],
      created_at: expect.any(Number),
      bytes: expect.any(Number),
    });
    const { id } = created.body;

    const before = await textRuns(workers);
    const again = await create({ ...definition, title: "Another title" });
    expect([again.status, again.body]).toEqual([200, created.body]);
    expect(await textRuns(workers)).toBe(before);

    const shown = await call("GET", `/v1/label_sets/${id}`);
    expect(shown.body).toMatchObject({ ...created.body, negative: ["nothing"], min_similarity: null });
    expect(shown.body.data).toEqual([{ label: "fox" }, { label: "dress" }, LABELS[2]]);

    const stored = await classify({ label_set: id });
    const inline = await classify({ labels: LABELS, templates: definition.templates });
    expect(stored.status).toBe(200);
    expect(stored.body.data).toEqual([{ ...inline.body.data[0], label_set: id }]);
    expect(stored.body.usage.prompt_tokens_details.cached_tokens).toBe(stored.body.usage.prompt_tokens);

    const deleted = await call("DELETE", `/v1/label_sets/${id}`);
    expect([deleted.status, deleted.body]).toEqual([200, { id, object: "label_set", deleted: true }]);
    for (const gone of [
      await call("GET", `/v1/label_sets/${id}`),
      await call("DELETE", `/v1/label_sets/${id}`),
      await classify({ label_set: id }),
    ]) {
      expect([gone.status, gone.body.error.code]).toEqual([404, "label_set_not_found"]);
    }
    const sets = await workers.miniflare.getR2Bucket("SETS", "ledger");
    const left = (await sets.list()).objects.filter(({ key }) => key.includes(id));
    expect(left).toEqual([]);
  });

  it("has another id for anything that changes its answers, and only then", async () => {
    const base = { labels: ["a", "b"], templates: ["{}"], negative: ["c"], min_similarity: 0.1 };
    const ids = [];
    for (const change of [
      {},
      { labels: ["b", "a"] },
      { labels: ["a", { label: "b", prompts: ["b"] }] },
      { labels: ["a", { label: "b", min_similarity: 0.1 }] },
      { templates: ["a {}"] },
      { negative: ["d"] },
      { min_similarity: 0.2 },
    ]) {
      ids.push((await create({ ...base, ...change })).body.id);
    }
    expect(new Set(ids).size).toBe(ids.length);
    expect((await create({ ...base, name: "named" })).body.id).toBe(ids[0]);
  });

  it("filters by its own thresholds before the request's", async () => {
    const { body } = await create({
      labels: [{ label: "fox", min_similarity: -1 }, "dress"],
      min_similarity: 1,
    });
    const rows = await classify({ label_set: body.id, min_similarity: 1 });
    expect(rows.body.data[0].predictions.map((each: { label: string }) => each.label)).toEqual(["fox"]);
  });

  it("stores negatives for multi_label, so the text tower is not needed", async () => {
    const { body } = await create({ labels: ["fox", "dress"] });
    const before = await textRuns(workers);
    const stored = await classify({ label_set: body.id, multi_label: true });
    expect(await textRuns(workers)).toBe(before);
    const inline = await classify({ labels: ["fox", "dress"], multi_label: true });
    expect(stored.body.data).toEqual([{ ...inline.body.data[0], label_set: body.id }]);
  });
});

describe("the list", () => {
  it("is listed page by page", async () => {
    const made = new Set<string>();
    for (let i = 0; i < 5; i++) made.add((await create({ labels: [`page ${i}`] })).body.id);
    const seen: string[] = [];
    for (let after = ""; ;) {
      const { body } = await call("GET", `/v1/label_sets?limit=2${after}`);
      expect(body.object).toBe("list");
      expect(body.data.length).toBeLessThanOrEqual(2);
      expect([body.first_id, body.last_id]).toEqual([body.data[0]?.id ?? null, body.data.at(-1)?.id ?? null]);
      seen.push(...body.data.map((set: { id: string }) => set.id));
      if (!body.has_more) break;
      after = `&after=${body.last_id}`;
    }
    expect(new Set(seen).size).toBe(seen.length);
    for (const id of made) expect(seen).toContain(id);
  });

  it.each(["limit=0", "limit=101", "limit=x", "limit=1.5"])("refuses %s", async (query) => {
    const { status, body } = await call("GET", `/v1/label_sets?${query}`);
    expect([status, body.error.param]).toEqual([400, "limit"]);
  });
});

describe("several sets in a classification", () => {
  it("are answered in groups, with one run of the image tower", async () => {
    const [animals, things] = [
      await create({ labels: ["fox", "giraffe"] }),
      await create({ labels: ["harp", "trophy"] }),
    ];
    const sets = [animals.body.id, things.body.id];
    const { body } = await classify({ label_set: sets });
    const [row] = body.data;
    expect(row.groups.map((group: { label_set: string }) => group.label_set)).toEqual(sets);
    expect(row.groups[0].prediction).toBe("fox");
    for (const group of row.groups) {
      const total = group.predictions.reduce((sum: number, { score }: { score: number }) => sum + score, 0);
      expect(total).toBeCloseTo(1, 9);
    }
    expect(body.usage.images).toBe(1);
  });
});

describe("a set too large for a request", () => {
  it("is finished by the queue, and can be watched", { timeout: 60_000 }, async () => {
    const labels = words(1000, "thing");
    const created = await create({ labels, templates: ["a {}.", "the {}."] });
    expect(created.status).toBe(202);
    expect(created.body).toMatchObject({ status: "building", prompts: 2000, bytes: null });
    const { id } = created.body;

    const early = await classify({ label_set: id });
    expect([early.status, early.body.error.code]).toEqual([503, "model_unavailable"]);
    expect(early.body.error.message).toContain(`/v1/label_sets/${id}`);
    expect(early.headers.get("retry-after")).toMatch(/^\d+$/);

    const seen = await untilReady(workers.url, id);
    const progress = seen.map(({ prompts_done: done }) => done as number);
    expect(progress.toSorted((a, b) => a - b)).toEqual(progress);
    expect(progress.at(-1)).toBe(2000);

    const stored = await classify({ label_set: id, top_k: 1000 });
    const inline = await classify({
      labels: labels.slice(0, 400),
      templates: ["a {}.", "the {}."],
      top_k: 400,
    });
    const similarities = new Map<string, number>(
      stored.body.data[0].predictions.map((each: { label: string; similarity: number }) => [
        each.label,
        each.similarity,
      ]),
    );
    for (const { label, similarity } of inline.body.data[0].predictions) {
      expect(similarities.get(label), label).toBe(similarity);
    }
    const sets = await workers.miniflare.getR2Bucket("SETS", "ledger");
    expect((await sets.list({ prefix: "parts/" })).objects).toEqual([]);
  });

  it("may be deleted meanwhile", { timeout: 60_000 }, async () => {
    const { body } = await create({ labels: words(900, "gone"), templates: ["a {}.", "the {}."] });
    expect((await call("DELETE", `/v1/label_sets/${body.id}`)).status).toBe(200);
    await sleep(3000);
    expect((await call("GET", `/v1/label_sets/${body.id}`)).status).toBe(404);
  });
});

describe("a new set", () => {
  it("that two clients request at once is computed once", async () => {
    const before = await textRuns(workers);
    const body = { labels: words(200, "twice"), negative: ["neither of two"] };
    const both = await Promise.all([create(body), create(body)]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 201]);
    expect(both[0].body).toEqual(both[1].body);
    // 200 labels and the negative prompt.
    expect((await textRuns(workers)) - before).toBe(201);
  });
});

describe("a warm set of 1,000 labels", () => {
  it("costs no read of R2 or KV, and no run of the text tower", async () => {
    const { body } = await create({ labels: words(999, "warm") });
    await classify({ label_set: body.id });
    const runs = await textRuns(workers);
    await operations(workers);
    const { status } = await classify({ label_set: body.id });
    expect(status).toBe(200);
    expect(await operations(workers)).toEqual({});
    expect(await textRuns(workers)).toBe(runs);
  });

  it("that is inline costs no read either", async () => {
    const labels = words(1000, "inline");
    await classify({ labels });
    const runs = await textRuns(workers);
    await operations(workers);
    expect((await classify({ labels })).status).toBe(200);
    expect(await operations(workers)).toEqual({});
    expect(await textRuns(workers)).toBe(runs);
  });
});

describe("storage that fails", () => {
  it("slows sets if KV fails, and refuses them if R2 fails", async () => {
    await down("CACHE");
    const created = await create({ labels: words(150, "no KV") });
    expect(created.status).toBe(201);
    expect((await classify({ label_set: created.body.id })).status).toBe(200);
    await down("SETS");
    const refused = await create({ labels: ["no R2"] });
    expect([refused.status, refused.body.error.type]).toEqual([503, "server_error"]);
    const readyz = await call("GET", "/readyz");
    expect([readyz.status, readyz.body.checks]).toEqual([
      503,
      { manifest: true, r2: true, label_sets: false, files: true, kv: true },
    ]);
    await down();
    expect((await create({ labels: ["no R2"] })).status).toBe(201);
    expect((await call("GET", "/readyz")).status).toBe(200);
  });
});
