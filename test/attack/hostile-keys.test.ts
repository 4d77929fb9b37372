/** Any `Authorization` header that is not exactly a key of the deployment is refused. */
import type { KVNamespace } from "@cloudflare/workers-types";
import { afterAll, beforeAll, expect, it } from "vitest";
import { addKey } from "../support/add-key.ts";
import { withRateLimits } from "../support/rate-limits.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { faultOf } from "./fault-of-answer.ts";
import { Dice } from "./grammar/dice.ts";
import { hostileString } from "./grammar/hostile-values.ts";
import { type RawAnswer, RawClient } from "./raw-request.ts";

const PATHS = [
  "GET /v1/models",
  "GET /v1/label_sets",
  "POST /v1/classify",
  "DELETE /v1/label_sets/ls_1",
  "POST /v1//classify",
  "GET /v1/x/../models",
  "GET //v1/models",
];
const SEED = 20_262;
const REQUESTS = 300;

let workers: Workers;
let client: RawClient;
let key: string;

beforeAll(async () => {
  workers = await startWorkers({
    access: "keys",
    change: (name, options) =>
      name === "edgeclip" ? withRateLimits(options, { HIGH: 10_000, PUBLIC: 10_000 }) : options,
  });
  client = new RawClient(workers.url, 4);
  const keys = (await workers.miniflare.getKVNamespace("KEYS", "edgeclip")) as unknown as KVNamespace;
  ({ key } = await addKey(keys, "somebody", { tier: "high" }));
});

afterAll(async () => {
  client.close();
  await workers.dispose();
});

async function send(endpoint: string, authorization: string): Promise<RawAnswer> {
  const [method = "", path = ""] = endpoint.split(" ");
  const headers = { authorization, "content-type": "application/json" };
  const answer = await client.send({ method, path, headers });
  const what = `${endpoint} ${JSON.stringify(authorization)}`;
  expect(faultOf({ method, path, headers }, answer), what).toBeUndefined();
  return answer;
}

/** Variants of the right key (a character changed, removed, doubled, or in the other case) and other texts. */
function almost(dice: Dice): string {
  const at = 3 + dice.number(key.length - 3);
  const before = key.slice(0, at);
  const after = key.slice(at + 1);
  const here = key[at] ?? "";
  const other = here === "A" ? "B" : "A";
  return dice.pick([
    `Bearer ${before}${other}${after}`,
    `Bearer ${before}${after}`,
    `Bearer ${before}${here}${here}${after}`,
    `Bearer ${key}=`,
    `Bearer ${key} ${key}`,
    `Bearer ${key},`,
    `Basic ${key}`,
    `Bearer ${key.slice(3)}`,
    `Bearer ${key.replace("sk-", "SK-")}`,
    key,
    `Bearer key/${"0".repeat(64)}`,
    `Bearer ${hostileString(dice)}`.replaceAll(/[^\u0020-\u00ff]|\u007f/g, "").trim(),
    "",
  ]);
}

it("accepts the key itself", async () => {
  expect((await send("GET /v1/models", `Bearer ${key}`)).status).toBe(200);
});

it("accepts nothing else, on any path", { timeout: 120_000 }, async () => {
  const dice = new Dice(SEED);
  for (let i = 0; i < REQUESTS; i++) {
    const [endpoint, authorization] = [dice.pick(PATHS), almost(dice)];
    const { status, text } = await send(endpoint, authorization);
    // A path with two slashes matches no route.
    const wanted = endpoint.includes("//v1") ? [401, 404] : [401];
    expect(wanted, `seed ${SEED}: ${endpoint} ${JSON.stringify(authorization)}: ${text}`).toContain(status);
  }
  // Keys never reach the logs, whether right or almost right.
  expect(workers.logs.join("\n")).not.toContain(key.slice(3, 20));
});
