/** What a developer sees when a real client is refused: the status, and the service's words. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { KVNamespace } from "@cloudflare/workers-types";
import { newKey } from "../../functions/gateway/keys/api-key.ts";
import { addKey } from "../support/add-key.ts";
import { withRateLimits } from "../support/rate-limits.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { documentedTable, markdownTable, TABLES, withVersions } from "./documented-clients.ts";
import { describeWithPackages, ProgramFolder } from "./other-packages.ts";
import { REFUSING_CALLS } from "./refusing-calls.ts";

/**
 * Requests a minute of tier `free`. The counter of tier `high` is missing, as in a deployment that is set up wrongly.
 */
const FREE = 1;

/** Prints a line for each case: what was thrown or returned. A field is undefined where nothing was found. */
const PROGRAM = `import { call } from "./call.mjs";
const { cases, statusPath } = JSON.parse(process.argv[2]);
const at = (path, error) => path.split(".").reduce((value, name) => value?.[name], error);
for (const { wordsPath, ...each } of cases) {
  let found = {};
  try {
    const result = await call(each);
    if (result?.isError === true) found = { name: "an answer", words: result.content[0].text };
  } catch (error) {
    found = { name: error.constructor.name, status: at(statusPath, error), words: at(wordsPath, error) };
  }
  console.log(JSON.stringify(found));
}
process.exit();
`;

/** What the service says. */
const WORDS = {
  400: "must not be empty",
  401: "the API key is wrong, was revoked or has expired",
  404: "there is no model",
  429: "the rate limit of tier free is reached",
  503: "the deployment has no rate limit LIMIT_HIGH",
} as const;
const STATUSES = [400, 401, 404, 429, 503] as const;

let workers: Workers;

beforeAll(async () => {
  workers = await startWorkers({
    access: "keys",
    change: (name, options) =>
      name === "edgeclip" ? withRateLimits(options, { FREE, PUBLIC: 1000, STANDARD: 1000 }) : options,
  });
});

afterAll(async () => {
  await workers.dispose();
});

/** A key of an account of its own. */
async function keyOf(account: string, tier: "free" | "standard" | "high"): Promise<string> {
  const store = (await workers.miniflare.getKVNamespace("KEYS", "edgeclip")) as unknown as KVNamespace;
  return (await addKey(store, account, { tier })).key;
}

/** A key whose requests are above its limit, for at least fifteen seconds: a limit begins anew with each minute. */
async function spentKey(account: string): Promise<string> {
  while (Date.now() % 60_000 > 45_000) await sleep(1_000);
  const key = await keyOf(account, "free");
  const headers = { authorization: `Bearer ${key}` };
  for (let i = 0; i < FREE; i++) await fetch(`${workers.url}/v1/models`, { headers });
  return key;
}

async function output(module: string, program: string, ...parameters: string[]): Promise<string> {
  const folder = await ProgramFolder.make();
  try {
    await folder.write("call.mjs", module);
    await folder.write("program.mjs", program);
    return await folder.node("program.mjs", ...parameters);
  } finally {
    await folder.remove();
  }
}

describeWithPackages("a refused call", () => {
  const rows: string[][] = [];

  it.each(REFUSING_CALLS)(
    "$packages",
    { timeout: 60_000 },
    async ({ packages, what, module, status, returned = [], words = {} }) => {
      const client = [await withVersions(packages), what].filter((each) => each !== undefined).join(", ");
      const usual = { url: workers.url, model: "edgeclip-demo", text: "a fox" };
      const key = await keyOf(client, "standard");
      const asked = {
        400: { key, text: "" },
        401: { key: newKey() },
        404: { key, model: "nowhere" },
        429: { key: await spentKey(`${client}, spent`) },
        503: { key: await keyOf(client, "high") },
      };
      const pathOf = (each: number): string => words[each] ?? "message";
      const cases = STATUSES.map((each) => ({ ...usual, ...asked[each], wordsPath: pathOf(each) }));
      const printed = await output(module, PROGRAM, JSON.stringify({ cases, statusPath: status }));
      const found = printed
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(found).toEqual(
        STATUSES.map((each) => ({
          name: expect.any(String),
          words: expect.stringContaining(WORDS[each]),
          ...(returned.includes(each) ? {} : { status: each }),
        })),
      );
      const elsewhere = STATUSES.filter((each) => each in words).map(
        (each) => `of ${each}: \`${pathOf(each)}\``,
      );
      rows.push([
        client,
        ...found.map(({ name }) => (name === "an answer" ? name : `\`${name}\``)),
        `\`${status}\``,
        ["`message`", ...elsewhere].join("; "),
      ]);
    },
  );

  it("is in the table", async () => {
    const table = markdownTable(["client", ...STATUSES.map(String), "status in", "words in"], rows);
    expect(await documentedTable(TABLES.refusals, table)).toBe(table);
  });

  it("503 is not sent again at once by Hugging Face's client, which does so until it is answered", async () => {
    const key = await keyOf("patient", "high");
    const program = `import { featureExtraction } from "@huggingface/inference";
const [endpointUrl, accessToken] = process.argv.slice(2);
const signal = AbortSignal.timeout(5000);
await featureExtraction({ endpointUrl, accessToken, inputs: "a fox" }, { signal }).catch((error) => console.log(error.name));
`;
    expect((await output("", program, `${workers.url}/hf/feature-extraction`, key)).trim()).toBe(
      "TimeoutError",
    );
    const sent = workers.logs.filter((line) => line.includes('"account":"patient"'));
    expect(sent.length).toBeGreaterThan(1);
    expect(sent.length).toBeLessThanOrEqual(3);
  });
});
