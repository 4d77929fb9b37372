/** `npm run deploy` and `model:gc` as they should go, against a stand-in for Cloudflare that runs what it is sent. */
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { askDeployment } from "../../scripts/doctor/ask-deployment.ts";
import { examine } from "../../scripts/doctor/examine.ts";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { request } from "../support/send-request.ts";
import { ReleaseAccount } from "./release-account.ts";

/** What an operator adds to `wrangler.toml`. */
const added = vi.hoisted((): { routes?: object[] } => ({}));

vi.mock(import("../../scripts/worker-configs.ts"), async (original) => {
  const actual = await original();
  return {
    ...actual,
    writeWorkerConfigs: async (...parameters) => {
      const configs = await actual.writeWorkerConfigs(...parameters);
      const path = configs[0]?.path ?? "";
      const gateway = JSON.parse(await readFile(path, "utf8")) as object;
      await writeFile(path, JSON.stringify({ ...gateway, ...added }));
      return configs;
    },
  };
});

let account: ReleaseAccount;
let tiny: string;

beforeAll(async () => {
  account = await ReleaseAccount.open();
  tiny = (await buildSynthetic("tiny", account.folder)).out;
});

// Its towers are a sixtieth of onnxruntime's, and as quickly sent and started.
beforeEach(() => {
  vi.stubEnv("ENGINE", "simd");
});

afterAll(async () => {
  await account.close();
});

describe("a deployment", { timeout: 180_000 }, () => {
  it("comes to an empty account", async () => {
    const { state } = account.cloudflare.account;
    const url = await account.deploy();
    expect(url).toBe(account.url());
    expect(state.buckets).toEqual([
      "edgeclip-models",
      "edgeclip-label-sets",
      "edgeclip-files",
      "edgeclip-vectors",
    ]);
    expect(Object.keys(state.namespaces)).toEqual(["edgeclip-cache", "edgeclip-keys"]);
    for (const queue of ["edgeclip-builds", "edgeclip-batches"])
      expect(state.queues[queue]).toMatchObject([{ script: "edgeclip-jobs" }]);
    expect(account.behindGateway().map((name) => name.replace(/[0-9a-f]{16}$/, "…"))).toEqual([
      "edgeclip-decoder-…",
      "edgeclip-search-…",
      "edgeclip-shards-…",
      "edgeclip-text-…",
      "edgeclip-vision-…",
    ]);
    const shards = account.behindGateway().find((name) => name.startsWith("edgeclip-shards"));
    expect(state.workers[shards ?? ""]?.versions.at(0)?.upload.isCached).toBe(true);
    // Whoever is bound to a Worker comes after it: search after state, the gateway after both, jobs after the gateway.
    const last = Object.keys(state.workers).slice(-4);
    expect([last[0], last[1]?.replace(/-[0-9a-f]{16}$/, ""), last[2], last[3]]).toEqual([
      "edgeclip-state",
      "edgeclip-search",
      "edgeclip",
      "edgeclip-jobs",
    ]);
    expect(state.workers["edgeclip-state"]).toMatchObject({
      classes: ["AccountState", "BatchState", "VectorStoreState"],
      migrationTag: "v3",
    });
    expect((await stat(join(account.folder, "secrets.json"))).mode & 0o777).toBe(0o600);
  });

  it("left no key behind, and serves nobody without one", async () => {
    expect(await account.storedKeys()).toEqual([]);
    const { status, body } = await request("GET", `${account.url()}/v1/models`);
    expect([status, body.error.code]).toEqual([503, "not_configured"]);
    expect(await account.classify()).toMatchObject({ status: 200, data: [{ prediction: "fox" }] });
  });

  it("tells its operator how it is", async () => {
    const deployment = await askDeployment({ url: account.url(), key: await account.newKey(true) });
    const findings = examine(deployment);
    expect(findings.filter(({ verdict }) => verdict === "differs")).toEqual([]);
    const { host, towers } = deployment.parts;
    expect(host).toMatchObject({ value: { access: "keys", has_pepper: true } });
    expect(towers).toMatchObject({ value: { models: [{ id: "edgeclip/demo", error: null }] } });
  });

  it("again changes nothing but the version: nothing is made or sent twice", async () => {
    account.cloudflare.mark();
    const [secrets, before] = [
      await readFile(join(account.folder, "secrets.json"), "utf8"),
      account.serving(),
    ];
    await account.deploy();
    expect(account.cloudflare.calls).toContain("GET /workers/scripts/edgeclip-state/versions/…");
    const changing = account.cloudflare.calls.filter((call) => !call.startsWith("GET "));
    expect(changing.filter((call) => /^POST \/(r2|queues|storage)[^…]*$/.test(call))).toEqual([]);
    // When the jobs Worker runs is set each time, to the same.
    const put = changing.filter((call) => call.startsWith("PUT /workers/scripts/"));
    expect(put).toEqual(["PUT /workers/scripts/edgeclip-jobs/schedules"]);
    expect(changing).toContain("POST /workers/scripts/edgeclip/versions");
    expect(account.serving()).not.toBe(before);
    expect(await readFile(join(account.folder, "secrets.json"), "utf8")).toBe(secrets);
  });

  it("of other code for the same revision stands beside the old one, which could serve again at once", async () => {
    const [former, present] = [account.serving(), account.behindGateway()];
    const answer = await account.classify();
    vi.stubEnv("ENGINE", "ort");
    await account.deploy();
    expect(account.behindGateway()).toEqual(expect.arrayContaining(present));
    // Towers of the other engine; the decoder has the same code, and is the same Worker.
    expect(account.behindGateway()).toHaveLength(present.length + 2);
    expect(await account.classify()).not.toEqual(answer);
    expect(await account.classify(account.url(former))).toEqual(answer);
  });

  it("of other models stands beside the old one, and takes over", async () => {
    const present = account.behindGateway();
    await account.deploy([tiny, "edgeclip-demo"]);
    // The default model's towers, and the other's, which are there since the first deployment.
    expect(account.behindGateway()).toHaveLength(present.length + 2);
    expect(account.behindGateway()).toEqual(expect.arrayContaining(present));
  });

  it("of a model that is not there leaves what served", async () => {
    const before = account.serving();
    await expect(account.deploy(["no-such-model"])).rejects.toThrow("there is no model no-such-model in R2");
    expect(account.serving()).toBe(before);
  });

  it("keeps, when cleaned up, what serves and what served before", async () => {
    const engines = account.behindGateway();
    const former = account.serving();
    await account.deploy(["edgeclip-demo"]);
    await account.scripts.collectGarbage();
    // Those of the other engine are gone; the deployment before had both models.
    expect(engines).toHaveLength(9);
    expect(account.behindGateway()).toHaveLength(7);
    expect(await account.classify(account.url(former))).toMatchObject({ status: 200 });
    await account.deploy(["edgeclip-demo"]);
    await account.scripts.collectGarbage();
    expect(account.behindGateway()).toHaveLength(5);
    expect(await account.classify()).toMatchObject({ status: 200, data: [{ prediction: "fox" }] });
  });

  it("with a domain of its own is tested on workers.dev as before, and keeps its URL there", async () => {
    added.routes = [{ pattern: "clip.example.com", custom_domain: true }];
    const before = account.serving();
    expect(await account.deploy()).toBe(account.url());
    expect(account.serving()).not.toBe(before);
    const { workers } = account.cloudflare.account.state;
    expect(workers["edgeclip"]).toMatchObject({
      domains: ["clip.example.com"],
      subdomain: { enabled: true, previews_enabled: true },
    });
    expect(await account.classify()).toMatchObject({ status: 200, data: [{ prediction: "fox" }] });
  });
});
