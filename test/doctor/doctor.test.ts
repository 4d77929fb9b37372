/** `npm run doctor` on the real Workers: what it finds, whom the report is refused, and what it says of what is broken. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { KVNamespace } from "@cloudflare/workers-types";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { operatorReportSchema } from "../../functions/gateway/openapi/report-response.ts";
import { REPORT_PARTS } from "../../functions/gateway/schemas/operator-report-query.ts";
import { VERSION } from "../../functions/gateway/version.ts";
import { addKey } from "../support/add-key.ts";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { behindCache, WORKERS_CACHE } from "../support/workers-cache.ts";
import { doctor, finding, findings } from "./support/run-doctor.ts";

const ROOT = join(import.meta.dirname, "../..");
const SECRET = "a secret label";
const ACCOUNT = "a-secret-account";

let workers: Workers;
/** Section of the model's times. */
let times: string;
let operator: string;
let other: string;

async function keyOf(account: string, isOperator: boolean): Promise<string> {
  const keys = (await workers.miniflare.getKVNamespace("KEYS", "edgeclip")) as unknown as KVNamespace;
  return (await addKey(keys, account, { tier: "high", operator: isOperator })).key;
}

beforeAll(async () => {
  workers = await startWorkers({ access: "keys" });
  times = timesOf(workers);
  operator = await keyOf("operations", true);
  other = await keyOf(ACCOUNT, false);
  const labels = [SECRET, "fox"];
  await request("POST", `${workers.url}/v1/label_sets`, { labels }, bearer(other));
  const stores = `${workers.url}/v1/vector_stores`;
  const { body: store } = await request("POST", stores, { name: SECRET }, bearer(other));
  const embedding = Array.from({ length: 128 }, (_, index) => index);
  await request("POST", `${stores}/${store.id}/files`, { embedding, filename: SECRET }, bearer(other));
});

afterAll(async () => {
  await workers.dispose();
});

function timesOf({ prefix }: Workers): string {
  return `time of a classification by ${prefix.replace("/", "@")}`;
}

function bearer(key: string): { authorization: string } {
  return { authorization: `Bearer ${key}` };
}

/** Status, code and fields of a refusal of the report. */
async function refusal(headers: Record<string, string>): Promise<unknown[]> {
  const { status, body } = await request("GET", `${workers.url}/v1/operator/report`, undefined, headers);
  return [status, body.error.code, Object.keys(body)];
}

function isolateOf(value: string): { id: string | undefined; age: number } {
  const [, id, seconds] = /([0-9a-f]{8}), (\d+) s old$/.exec(value) ?? [];
  return { id, age: Number(seconds) };
}

it("has the version of package.json", async () => {
  const { version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { version: string };
  expect(VERSION).toBe(version);
});

describe("the report", () => {
  it.each(REPORT_PARTS)("has the part %s, as documented, and nothing of what accounts have", async (part) => {
    const { status, body } = await request(
      "GET",
      `${workers.url}/v1/operator/report?part=${part}`,
      undefined,
      bearer(operator),
    );
    expect(status, JSON.stringify(body)).toBe(200);
    const report = operatorReportSchema.strict().parse(body);
    expect(report[part]).toBeDefined();
    const text = JSON.stringify(body);
    for (const secret of [SECRET, ACCOUNT, "ls_", "vs_", operator, other]) expect(text).not.toContain(secret);
  });

  it("is not there for a key that is no operator's, and refused without a key or with a wrong one", async () => {
    expect(await refusal(bearer(other))).toEqual([404, "not_found", ["error"]]);
    expect(await refusal({})).toEqual([401, "invalid_api_key", ["error"]]);
    expect(await refusal(bearer(`sk-${"x".repeat(43)}`))).toEqual([401, "invalid_api_key", ["error"]]);
  });

  it("names the data center of Cloudflare, whose requests have an id, in either of its forms", async () => {
    const url = `${workers.url}/v1/operator/report?part=batches`;
    const asked = ["8f2d0c1e2b3a4d5e-FRA", "8f2d0c1e2b3a4d5e"].map((ray) =>
      request("GET", url, undefined, { ...bearer(operator), "cf-ray": ray }),
    );
    // Local workerd gives every request the data center that Cloudflare would.
    for (const { body } of await Promise.all(asked)) expect(body.data_center).toMatch(/^[A-Z]{3}$/);
    const { body } = await request("GET", url, undefined, bearer(operator));
    expect(body.data_center).toBeNull();
  });

  it("has pages of label sets by number, not by key", async () => {
    const url = `${workers.url}/v1/operator/report?part=label_sets&after=`;
    const { body } = await request("GET", `${url}1`, undefined, bearer(operator));
    expect(body.label_sets).toMatchObject({ sets: 0, after: null });
    for (const after of ["accounts/a/ls_1", "-1", "1000000"]) {
      const refused = await request("GET", url + encodeURIComponent(after), undefined, bearer(operator));
      expect([refused.status, refused.body.error.param], after).toEqual([400, "after"]);
    }
  });

  it("has no other parts", async () => {
    const url = `${workers.url}/v1/operator/report?part=secrets`;
    const { status, body } = await request("GET", url, undefined, bearer(operator));
    expect([status, body.error.param]).toEqual([400, "part"]);
  });
});

describe("the doctor", { timeout: 120_000 }, () => {
  it("finds a deployment on this machine as it should be", async () => {
    const { code, found } = await findings(workers.url, operator);
    expect(found.filter(({ verdict }) => verdict === "differs")).toEqual([]);
    expect(code).toBe(0);
    expect(finding(found, "deployment", "version").value).toBe(VERSION);
    // On this machine the clock does not stand still, and there is no cache before the shards Worker.
    expect(parseInt(finding(found, "clock", "while code computes").value)).toBeGreaterThan(0);
    expect(finding(found, "data center's cache", "three times").value).toMatch(/^r2 \d+ ms.*no cache$/);
    expect(finding(found, "data center's cache", "in one request").verdict).toBe("unknown");
    expect(finding(found, "models", "^edgeclip-demo@").value).toContain("image tower in 1 stage");
    expect(finding(found, "Workers, one isolate each", "image$").value).toMatch(/loaded from r2 in \d+ ms/);
    expect(finding(found, times, "cold image")).toMatchObject({
      verdict: "ok",
      value: expect.stringMatching(/^\d+ ms to load/),
      expected: expect.stringMatching(/^at most \d+ ms from cache, \d+ ms from r2 for \d+\.\d MB$/),
    });
    expect(finding(found, times, "warm").verdict).toBe("ok");
    expect(finding(found, "deployment", "rate limits")).toMatchObject({
      verdict: "ok",
      value: expect.stringContaining("LIMIT_FREE=20/10"),
    });
    expect(finding(found, "deployment", "pictures are kept").value).toBe("no");
    expect(finding(found, "label sets of all accounts", "^edgeclip-demo@").value).toMatch(
      /^1 of 1 computed, \d/,
    );
    expect(finding(found, "label sets of all accounts", "for no model").value).toBe("0");
    expect(finding(found, "batches of all accounts", "not over").value).toBe("0");
    expect(finding(found, "vector stores of all accounts", "stores").value).toBe("1, 1 picture in 0.0 MB");
    expect(finding(found, "Workers, one isolate each", "search").verdict).toBe("ok");
    expect(finding(found, "queues", "vector stores").verdict).toBe("ok");
    expect(finding(found, "queues", "on batches").verdict).toBe("ok");
  });

  it("tells whether the isolates of an earlier report lived on", async () => {
    const names = [
      ["deployment", "isolate of the gateway"],
      ...["decoder", "search", "image$", "text$"].map((name) => ["Workers, one isolate each", name] as const),
    ] as const;
    const reports = [];
    for (let asked = 0; asked < 2; asked++) {
      const { found } = await findings(workers.url, operator);
      reports.push(names.map(([section, name]) => isolateOf(finding(found, section, name).value)));
    }
    const [first = [], second = []] = reports;
    expect(second.map(({ id }) => id)).toEqual(first.map(({ id }) => id));
    expect(new Set(first.map(({ id }) => id)).size).toBe(names.length);
    for (const [index, { age }] of second.entries())
      expect(age).toBeGreaterThan(first[index]?.age ?? Infinity);
  });

  it("takes the URL as an argument, as an option, or both if they are the same", async () => {
    const { url } = workers;
    const outcomes = [[url], ["--url", url], [`${url}/`, "--url", url]].map((typed) =>
      doctor(operator, ...typed),
    );
    expect((await Promise.all(outcomes)).map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ""],
      [0, ""],
      [0, ""],
    ]);
    const two = await doctor(operator, url, "--url", "http://127.0.0.1:9");
    expect([two.code, two.stdout]).toEqual([2, ""]);
    expect(two.stderr).toMatch(
      /^".+" and "http:\/\/127\.0\.0\.1:9" are two URLs: which one is meant\?\nusage: /,
    );
  });

  it("prints each line with what is expected of it, and what else it means", async () => {
    const { code, stdout, stderr } = await doctor(operator, workers.url);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(
      new RegExp(`^edgeclip ${VERSION} at ${workers.url}, not on Cloudflare, \\d{4}-`),
    );
    const verdicts = lines.filter((line) => /^ {2}(ok|differs|unknown) /.test(line));
    expect(verdicts.length).toBeGreaterThan(20);
    for (const word of ["expected:", "else:"]) {
      expect(lines.filter((line) => line.trim().startsWith(word))).toHaveLength(verdicts.length);
    }
    expect(lines.at(-1)).toMatch(/^\d+ ok, 0 differ, \d+ unknown$/);
    for (const secret of [SECRET, ACCOUNT, operator]) expect(stdout).not.toContain(secret);
  });

  it("says in one line that a key is wrong or no operator's, and what it cannot reach", async () => {
    const wrong = await doctor(`sk-${"x".repeat(43)}`, workers.url);
    expect([wrong.code, wrong.stdout]).toEqual([1, ""]);
    expect(wrong.stderr).toMatch(/^\/v1\/operator\/report answers 401: .*API key is wrong.*\n$/);
    const refused = await doctor(other, workers.url);
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toMatch(
      /^the deployment does not show its report: the key is not an operator's.*\n$/,
    );
    const nobody = await doctor(operator, "http://127.0.0.1:9");
    expect([nobody.code, nobody.stdout]).toEqual([1, ""]);
    expect(nobody.stderr).toMatch(/^nothing answers at http:\/\/127\.0\.0\.1:9 .*\n$/);
    expect((await doctor(operator, "clip.example.com")).code).toBe(2);
  });
});

it("shows a tower whose shards are damaged as a difference", { timeout: 120_000 }, async () => {
  const broken = await startWorkers();
  try {
    const { objects } = await broken.models.list({ prefix: broken.prefix });
    const shards = objects.filter(({ key }) => /image/.test(key));
    expect(shards.length).toBeGreaterThan(0);
    for (const { key, size } of shards) await broken.models.put(key, new Uint8Array(size));
    const { code, found } = await findings(broken.url);
    expect(code).toBe(3);
    const differing = found.filter(({ verdict }) => verdict === "differs");
    expect(differing.map(({ section }) => section)).toEqual([timesOf(broken), "limits met"]);
    expect(differing[0]?.value).toContain("model_unavailable");
    // What is not broken is still told.
    expect(finding(found, "models", "^edgeclip-demo@").verdict).toBe("ok");
  } finally {
    await broken.dispose();
  }
});

it("shows a bucket that is not bound as differences", { timeout: 120_000 }, async () => {
  const broken = await startWorkers({
    change: (name, options) => {
      if (name !== "edgeclip") return options;
      const { FILES: _, ...buckets } = options.r2Buckets as Record<string, string>;
      return { ...options, r2Buckets: buckets };
    },
  });
  try {
    const { code, found } = await findings(broken.url);
    expect(code).toBe(3);
    expect(finding(found, "batches of all accounts", "part").verdict).toBe("differs");
    expect(finding(found, "stores", "R2 of files").verdict).toBe("differs");
    expect(finding(found, "stores", "R2 of models").verdict).toBe("ok");
    expect(finding(found, timesOf(broken), "warm").verdict).toBe("ok");
  } finally {
    await broken.dispose();
  }
});

it("shows a tower that does not answer, and a cache that does", { timeout: 120_000 }, async () => {
  const broken = await startWorkers({
    add: [
      WORKERS_CACHE,
      {
        name: "broken-text",
        modules: [{ type: "ESModule", path: "text.js", contents: "export default { fetch() {} }" }],
        compatibilityDate: "2026-10-20",
      },
    ],
    change: (name, options) => {
      const cached = behindCache(options);
      if (name !== "edgeclip") return cached;
      return { ...cached, serviceBindings: { ...cached.serviceBindings, TEXT: "broken-text" } };
    },
  });
  try {
    const { code, found } = await findings(broken.url);
    expect(code).toBe(3);
    const text = finding(found, "Workers, one isolate each", "text$");
    expect([text.verdict, text.value.length > 10]).toEqual(["differs", true]);
    expect(finding(found, "Workers, one isolate each", "image$").verdict).toBe("ok");
    expect(finding(found, timesOf(broken), "fox.png").verdict).toBe("differs");
    expect(finding(found, "data center's cache", "three times")).toMatchObject({ verdict: "ok" });
    expect(finding(found, "data center's cache", "in one request")).toMatchObject({
      verdict: "ok",
      value: "40 of 40, 40 from the cache",
    });
  } finally {
    await broken.dispose();
  }
});
