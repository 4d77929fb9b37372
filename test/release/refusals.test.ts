/**
 * What Cloudflare refuses until something is turned on in the dashboard, or for good, and what a deployment says then.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { CloudflareAccount, Option } from "./cloudflare-account.ts";
import { ReleaseAccount } from "./release-account.ts";

const settings = vi.hoisted(() => ({ workers_dev: true }));

vi.mock(import("../../scripts/worker-configs.ts"), async (original) => {
  const actual = await original();
  return {
    ...actual,
    committedConfig: (...parameters) => ({ ...actual.committedConfig(...parameters), ...settings }),
  };
});

const STATE = "edgeclip-state";

let account: ReleaseAccount;
let cloud: CloudflareAccount;

beforeAll(async () => {
  account = await ReleaseAccount.open();
  cloud = account.cloudflare.account;
  vi.spyOn(console, "log").mockImplementation(() => {});
});

beforeEach(() => {
  vi.stubEnv("ENGINE", "simd");
});

afterEach(() => {
  cloud.missing.clear();
  settings.workers_dev = true;
  account.cloudflare.failing = () => undefined;
});

afterAll(async () => {
  vi.restoreAllMocks();
  await account.close();
});

/** @returns the error's message */
async function refusedDeployment(): Promise<string> {
  return await account.deploy([], 0).then(
    () => "the deployment passed",
    (error: unknown) => (error as Error).message,
  );
}

describe("a new account", { timeout: 300_000 }, () => {
  it.each<[Option, string]>([
    ["R2", "no subscription to R2: add it at https://dash.cloudflare.com/?to=/:account/r2/overview"],
    ["workers.dev", "choose one at https://dash.cloudflare.com/?to=/:account/workers/onboarding"],
  ])("without %s is told so before anything is made", async (option, advice) => {
    cloud.missing.add(option);
    const before = cloud.snapshot();
    const message = await refusedDeployment();
    expect(message).toContain(advice);
    expect(message).toContain("- none: nothing was changed");
    expect(cloud.snapshot()).toEqual(before);
  });

  it("is told all that is missing at once", async () => {
    cloud.missing.add("R2").add("workers.dev");
    settings.workers_dev = false;
    expect(await refusedDeployment()).toMatch(
      /^wrangler.toml needs workers_dev = true.*\n.*to R2.*\n.*of workers.dev/,
    );
  });

  it("without Analytics Engine is told what to turn on, and goes on from there", async () => {
    cloud.missing.add("Analytics Engine");
    expect(await refusedDeployment()).toContain("What to do:\nTurn on Analytics Engine");
    expect(Object.keys(cloud.state.workers)).not.toContain("edgeclip");
    cloud.missing.clear();
    expect(await account.deploy()).toBe(account.url());
  });
});

describe("a release with a new class of Durable Objects", { timeout: 180_000 }, () => {
  it("that fails keeps the new state Worker, which cannot go back, and says so", async () => {
    const state = cloud.state.workers[STATE];
    if (state === undefined) throw new Error(`there is no ${STATE}`);
    // As a release without vector stores left it.
    state.migrationTag = "v2";
    state.classes = ["AccountState", "BatchState"];
    for (const version of state.versions) {
      version.migrationTag = "v2";
      for (const binding of version.upload.bindings)
        if (binding.name === "CODE") binding["text"] = "other code";
    }
    const [former] = state.deployments;
    account.cloudflare.failing = (call) =>
      call === "POST /workers/scripts/edgeclip/versions" ? "refused" : undefined;
    const message = await refusedDeployment();
    expect(message).toContain(`- ${STATE} keeps its new version`);
    expect(message).not.toContain("failed as well");
    expect(state.migrationTag).toBe("v3");
    expect(state.deployments[0]).not.toEqual(former);
    expect(await account.classify()).toMatchObject({ status: 200, data: [{ prediction: "fox" }] });
  });
});
