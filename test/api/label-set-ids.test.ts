/** Ids that no label set has, of any length and content: they give 404 everywhere, and never another account's set. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addKey } from "../support/add-key.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { type Answer, request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

let workers: Workers;
let image: string;
/** Accounts where one's name is the beginning of the other's path. */
let team: string;
let teamBlue: string;

beforeAll(async () => {
  workers = await startWorkers({ access: "keys" });
  image = await exampleBase64("fox.png");
  type Keys = Parameters<typeof addKey>[0];
  const keys = (await workers.miniflare.getKVNamespace("KEYS", "edgeclip")) as unknown as Keys;
  [team, teamBlue] = (await Promise.all([addKey(keys, "team"), addKey(keys, "team/blue")])).map(
    ({ key }) => key,
  ) as [string, string];
});

afterAll(async () => {
  await workers.dispose();
});

async function call(key: string, method: string, path: string, body?: object): Promise<Answer> {
  return await request(method, workers.url + path, body, { authorization: `Bearer ${key}` });
}

describe.each([
  ["of 1,100 characters", `ls_${"0".repeat(1100)}`],
  ["of 7,000 characters", "x".repeat(7000)],
  ["of 400 characters of three bytes", "狐".repeat(400)],
  ["that climbs directories", "../../accounts"],
  ["with another's path", "ls_0/ls_1"],
  ["with a NUL", "ls_\0"],
  ["of capitals", `ls_${"A".repeat(32)}`],
])("an id %s", (_, id) => {
  it.each(["GET", "DELETE"])("is not found by %s", async (method) => {
    const { status, body } = await call(team, method, `/v1/label_sets/${encodeURIComponent(id)}`);
    expect([status, body.error.code]).toEqual([404, "label_set_not_found"]);
    expect(body.error.message.length).toBeLessThan(500);
  });
});

it.each(["ls_\0", "../x", "\ud800", "ls_0/ls_1"])("classifying with %j finds nothing", async (id) => {
  const { status, body } = await call(team, "POST", "/v1/classify", { image, label_set: id });
  expect([status, body.error.code]).toEqual([404, "label_set_not_found"]);
});

it("an id with a slash does not reach the set of an account whose name has one", async () => {
  const { body } = await call(teamBlue, "POST", "/v1/label_sets", { labels: ["fox", "secret"] });
  expect((await call(teamBlue, "POST", "/v1/classify", { image, label_set: body.id })).status).toBe(200);
  const asked = await call(team, "POST", "/v1/classify", { image, label_set: `blue/${body.id}` });
  expect([asked.status, asked.body.error?.code]).toEqual([404, "label_set_not_found"]);
});
