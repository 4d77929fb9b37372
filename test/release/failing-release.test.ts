/**
 * Makes every step of a release fail. After each failure the old service must answer as before, and the message must be
 * true.
 *
 * The release is other code for the same revision (the other engine), on an account where another Worker still consumes
 * the queue. A successful run shows which calls there are. Then each call fails in turn, from the same state of the
 * account: it is refused, or its answer is lost. ALL_FAULTS=1 tests all calls, which takes about twenty minutes.
 * Without it, only calls that need different handling are tested.
 */
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { AccountState, Consumer } from "./cloudflare-account.ts";
import type { Failing } from "./fake-cloudflare.ts";
import { ReleaseAccount } from "./release-account.ts";

// The code does not change here, so it is bundled once for each engine, unless the bundling must fail.
vi.mock(import("../../scripts/cloudflare/code-hashes.ts"), async (original) => {
  const { codeHashes } = await original();
  const known = new Map<string | undefined, ReturnType<typeof codeHashes>>();
  return {
    codeHashes: async () => {
      const engine = process.env["ENGINE"];
      if (process.env["WRANGLER_FAILS"]?.includes("--dry-run") === true) return await codeHashes();
      const hashes = known.get(engine) ?? codeHashes();
      known.set(engine, hashes);
      return await hashes;
    },
  };
});

const FORMER_CONSUMER = "edgeclip-former-consumer";
const QUEUE = "edgeclip-builds";

/** What fails: a call of the API, a request to a deployed gateway (for good), or a command of wrangler. */
interface Fault {
  what: string;
  occurrence: number;
  how: Failing;
}

const VERSIONS = "/workers/scripts/edgeclip/versions";
const DEPLOYMENTS = "/workers/scripts/edgeclip/deployments";
const CONSUMERS = `/queues/${QUEUE}/consumers`;

/** Faults that each need a different handling or message. */
const REPRESENTATIVE: [string, Fault[]][] = [
  [
    "the state Worker is refused",
    [{ what: "POST /workers/scripts/edgeclip-state/versions", occurrence: 1, how: "refused" }],
  ],
  ["the version's answer is lost", [{ what: `POST ${VERSIONS}`, occurrence: 1, how: "done" }]],
  ["the version fails its test", [{ what: "new POST /v1/classify", occurrence: 1, how: "refused" }]],
  ["the traffic moves, but the command fails", [{ what: `POST ${DEPLOYMENTS}`, occurrence: 1, how: "done" }]],
  ["triggers fail", [{ what: `POST ${CONSUMERS}`, occurrence: 1, how: "refused" }]],
];

let account: ReleaseAccount;
let before: AccountState;
let answerBefore: unknown;
let steps: { calls: string[]; asked: string[]; commands: string[] };

beforeAll(async () => {
  account = await ReleaseAccount.open();
  vi.spyOn(console, "log").mockImplementation(() => {});
  await account.deploy();
  const { state } = account.cloudflare.account;
  state.workers[FORMER_CONSUMER] = {
    versions: [],
    deployments: [],
    subdomain: { enabled: false, previews_enabled: false },
  };
  state.queues[QUEUE] = [
    {
      consumer_id: "former",
      type: "worker",
      script: FORMER_CONSUMER,
      settings: { batch_size: 1, max_retries: 3 },
    },
  ];
  // A state Worker of other code, which the release replaces.
  for (const { upload } of state.workers["edgeclip-state"]?.versions ?? []) {
    for (const binding of upload.bindings) if (binding.name === "CODE") binding["text"] = "other code";
  }
  answerBefore = await account.classify();
  before = account.cloudflare.account.snapshot();
  vi.stubEnv("ENGINE", "ort");
  account.cloudflare.mark();
  await account.wranglerCommands();
  await account.deploy();
  const { calls, asked } = account.cloudflare;
  steps = {
    calls: calls.map((call) => withoutHash(call)),
    asked: [...asked],
    commands: await account.wranglerCommands(),
  };
}, 300_000);

beforeEach(() => {
  account.cloudflare.account.restore(before);
  account.cloudflare.mark();
});

afterAll(async () => {
  vi.restoreAllMocks();
  await account.close();
});

/** Replaces the hash in names of Workers. */
function withoutHash(call: string): string {
  return call.replace(/-[0-9a-f]{16}\b/, "-#");
}

function consumers(state: AccountState): Omit<Consumer, "consumer_id">[] {
  return (state.queues[QUEUE] ?? []).map(({ consumer_id: _id, ...rest }) => rest);
}

/** Releases with faults. @returns the error's message, or undefined if the release succeeded */
async function releaseWith(faults: readonly Fault[]): Promise<string | undefined> {
  const seen = new Map<Fault, number>();
  account.cloudflare.failing = (name) => {
    let failing: Failing | undefined;
    for (const fault of faults.filter(({ what }) => what === withoutHash(name))) {
      const count = (seen.get(fault) ?? 0) + 1;
      seen.set(fault, count);
      // Requests to a deployed gateway may be repeated, so they fail every time.
      const isDue = name.startsWith("new ") ? count >= fault.occurrence : count === fault.occurrence;
      if (isDue) failing = fault.how;
    }
    return failing;
  };
  try {
    await account.deploy([], 0);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    account.cloudflare.failing = () => undefined;
  }
}

/** @returns the statements in the message that are not true */
async function untruths(message: string): Promise<string[]> {
  const { state } = account.cloudflare.account;
  const wrong: string[] = [];
  const must = (isSo: boolean, what: string): void => {
    if (!isSo) wrong.push(`${what}: ${message}`);
  };
  const [failures = "", report] = message.split("\n\nSteps that were done, before and after the failure:\n");
  must(/was made to fail|was lost/.test(failures), "the first failure comes first, whatever failed then");
  if (report === undefined) {
    must(isDeepStrictEqual(state, before), "without a report, nothing was done");
    return wrong;
  }
  const [done = "", serves = ""] = report.split("\nWhat serves now:\n");
  for (const [, name = ""] of done.matchAll(/^- deployed (\S+?),/gm)) {
    must(name in state.workers, `${name} is there`);
  }
  for (const name of Object.keys(state.workers)) {
    must(name in before.workers || message.includes(name), `${name} is named`);
  }
  for (const [, id = ""] of done.matchAll(/^- uploaded version (\S+) of/gm)) {
    must(state.workers["edgeclip"]?.versions.some((version) => version.id === id) === true, `${id} is there`);
  }
  const isPutBack = /^- edgeclip-former-consumer consumes .* again$/m.test(done);
  must(
    /messages wait until the next one is added/.test(done) === isPutBack,
    "a consumer that was taken off is back",
  );
  const hasOwnKey = (await account.storedKeys()).length > 1;
  must(/key was not revoked/.test(done) === hasOwnKey, "a key that is left behind is named");
  const isAsBefore = account.serving() === formerVersion();
  const isKnown = !serves.startsWith("Unknown, because Cloudflare did not answer");
  must(!isKnown || serves.includes(`Version ${account.serving()} of edgeclip`), "this version serves");
  must(!isKnown || /as before/.test(serves) === isAsBefore, "it served before");
  const command = `npx wrangler rollback ${formerVersion()} --name edgeclip`;
  must(isAsBefore || serves.includes(command), "how to go back is said");
  return wrong;
}

function formerVersion(): string {
  return before.workers["edgeclip"]?.deployments[0]?.[0]?.version_id ?? "";
}

/** @returns what differs from before; new Workers beside the old ones do not count */
async function changes(): Promise<string[]> {
  const { state } = account.cloudflare.account;
  const changed: string[] = [];
  if (!isDeepStrictEqual(consumers(state), consumers(before))) changed.push("who consumes the queue");
  for (const [name, { deployments }] of Object.entries(before.workers)) {
    if (!isDeepStrictEqual(state.workers[name]?.deployments[0], deployments[0])) changed.push(name);
  }
  if (!isDeepStrictEqual(await account.classify(), answerBefore)) changed.push("the answer");
  return changed;
}

/** @returns what is wrong after a release with faults */
async function problems(faults: readonly Fault[]): Promise<string[]> {
  const message = await releaseWith(faults);
  if (message !== undefined) return [...(await untruths(message)), ...(await changes())];
  // wrangler does not need some answers. Then the release succeeds.
  const isNew = account.serving() !== formerVersion() && (await changes()).includes("the answer");
  return isNew ? [] : ["the release passed, but the old service answers"];
}

describe("a release that fails", { timeout: 120_000 }, () => {
  it("would have changed answers, traffic and consumer had it not failed", async () => {
    account.cloudflare.account.restore(before);
    expect(await account.classify()).toEqual(answerBefore);
    expect(steps.calls).toContain(`DELETE ${CONSUMERS}/…`);
    for (const [, faults] of REPRESENTATIVE) {
      for (const { what } of faults) expect([...steps.calls, ...steps.asked]).toContain(what);
    }
  });

  it.each(REPRESENTATIVE)("because %s leaves the old service, and says so", async (_name, faults) => {
    expect(await problems(faults)).toEqual([]);
  });

  it("and cannot give the traffic back says that, and how to", async () => {
    const message = await releaseWith([
      { what: "new POST /v1/classify", occurrence: 2, how: "refused" },
      { what: `POST ${DEPLOYMENTS}`, occurrence: 2, how: "refused" },
    ]);
    expect(await untruths(message ?? "")).toEqual([]);
    expect(account.serving()).not.toBe(formerVersion());
    expect(message).toContain("new POST /v1/classify was made to fail");
    expect(message).toContain("Then this failed as well: Cloudflare: POST");
    // The other step was undone: the former consumer has its queue again.
    expect(consumers(account.cloudflare.account.state)).toEqual(consumers(before));
  });

  it("can be run again once the reason is mended, and then passes", async () => {
    await releaseWith([{ what: `POST ${CONSUMERS}`, occurrence: 1, how: "refused" }]);
    await account.deploy();
    expect(account.serving()).not.toBe(formerVersion());
    expect(consumers(account.cloudflare.account.state)).toMatchObject([{ script: "edgeclip-jobs" }]);
    expect(await account.classify()).not.toEqual(answerBefore);
  });
});

/** More than a hundred deployments, up to a minute each on a busy machine. */
const ALL_FAULTS_MS = 3 * 3_600_000;

describe.runIf(process.env["ALL_FAULTS"] === "1")("every step that fails", { timeout: ALL_FAULTS_MS }, () => {
  it("of the API, refused or with its answer lost, or asked of a gateway", async ({ signal }) => {
    const counts = new Map<string, number>();
    const rows: Fault[] = [];
    for (const what of [...steps.calls, ...steps.asked]) {
      const occurrence = (counts.get(what) ?? 0) + 1;
      counts.set(what, occurrence);
      rows.push({ what, occurrence, how: "refused" });
      // A call that only reads has no effect that a lost answer could hide.
      if (/^(?:POST|PUT|DELETE) /.test(what)) rows.push({ what, occurrence, how: "done" });
    }
    const wrong: string[] = [];
    for (const row of rows) {
      // Stops a test that timed out. Otherwise it would go on in the account of the next test.
      signal.throwIfAborted();
      account.cloudflare.account.restore(before);
      account.cloudflare.mark();
      for (const problem of await problems([row])) wrong.push(`${JSON.stringify(row)}: ${problem}`);
    }
    expect(wrong).toEqual([]);
  });

  it("of wrangler, before or after it has done its work", async ({ signal }) => {
    const wrong: string[] = [];
    for (const command of new Set(steps.commands)) {
      for (const how of ["before", "after"]) {
        signal.throwIfAborted();
        account.cloudflare.account.restore(before);
        account.cloudflare.mark();
        vi.stubEnv("WRANGLER_FAILS", command);
        vi.stubEnv("WRANGLER_FAILING", how);
        for (const problem of await problems([])) wrong.push(`${how} ${command}: ${problem}`);
        vi.stubEnv("WRANGLER_FAILS", undefined);
      }
    }
    expect(wrong).toEqual([]);
  });
});
