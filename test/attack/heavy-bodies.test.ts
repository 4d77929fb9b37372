/**
 * The memory that a body needs is limited before it is used: the heaviest bodies, several at once, are answered or
 * refused, and the gateway stays within an isolate's memory.
 */
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { peakMemory } from "../support/memory/peak-memory.ts";
import { post } from "../support/post.ts";
import { DEMO_MODEL, startWorkers, type Workers } from "../support/workers.ts";
import { type HeavyBody, heavyAndLegal, manyNames, manyValues } from "./heavy-bodies.ts";

const LIMIT_BYTES = 120_000_000;
const AT_ONCE = 4;

const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

let workers: Workers;

beforeAll(async () => {
  workers = await startWorkers();
});

afterAll(async () => {
  await workers.dispose();
});

/** Uses a new connection, because the service may close one on which it refused a body. */
async function send({ path, contentType, body }: HeavyBody): Promise<string> {
  const sent = httpRequest(workers.url + path, {
    method: "POST",
    agent: false,
    headers: { "content-type": contentType, "content-length": body.byteLength },
  });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const status = response.statusCode ?? 0;
  if (status === 200) {
    // Some answers are more than 100 MB.
    for await (const _piece of response);
    return "200";
  }
  const { error } = (await json(response)) as { error?: { code: string } };
  return `${status} ${error?.code ?? ""}`.trim();
}

/** Sends it several times at once. @returns the statuses, and the gateway's memory at its peak */
async function holdOf(heavy: HeavyBody): Promise<{ codes: string[]; most: number }> {
  let codes: string[] = [];
  const peaks = await peakMemory(workers, async () => {
    codes = await Promise.all(Array.from({ length: AT_ONCE }, () => send(heavy)));
  });
  const most = peaks.get("edgeclip")?.total;
  if (most === undefined) throw new Error("there is no gateway");
  console.log(`${heavy.name}: ${codes.join(", ")}; at most ${mb(most)}`);
  return { codes, most };
}

it("the heaviest legal bodies are read", { timeout: 300_000 }, async () => {
  const { embedding_width: width } = await readManifest(DEMO_MODEL);
  for (const heavy of heavyAndLegal(width)) {
    const { codes, most } = await holdOf(heavy);
    for (const code of codes) expect(code, heavy.name).not.toMatch(/500|request_too_large/);
    expect(most, heavy.name).toBeLessThanOrEqual(LIMIT_BYTES);
  }
});

it("forms that consist of names are refused or stay within the limit", { timeout: 300_000 }, async () => {
  for (const heavy of manyNames()) {
    const { codes, most } = await holdOf(heavy);
    for (const code of codes) expect(code, heavy.name).toMatch(/^(400|413|503)/);
    expect(most, heavy.name).toBeLessThanOrEqual(LIMIT_BYTES);
  }
});

it.each([
  ["as long as can be", 15_999_000],
  ["a quarter of it", 4_000_000],
  ["a tenth of it", 1_500_000],
])("many small values, %s, are refused or stay within the limit", { timeout: 300_000 }, async (_, bytes) => {
  for (const heavy of manyValues(bytes)) {
    const { codes, most } = await holdOf(heavy);
    for (const code of codes) expect(code, heavy.name).toMatch(/^(200|400|413|503)/);
    expect(most, heavy.name).toBeLessThanOrEqual(LIMIT_BYTES);
  }
  expect((await post(`${workers.url}/v1/embeddings`, { input: "fox" })).status).toBe(200);
});
