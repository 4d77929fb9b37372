/** The trace of a request to `npm start`: spans of all Workers that took part, under the request's id. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exampleBase64 } from "../support/example-pictures.ts";
import { LocalService } from "../support/local-service.ts";
import { request } from "../support/send-request.ts";

let folder: string;
let service: LocalService;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-traces-"));
  service = await LocalService.start(folder);
});

afterAll(async () => {
  await service.stop();
  await rm(folder, { recursive: true });
});

async function query(sql: string, ...params: string[]): Promise<(string | number | null)[][]> {
  const path = "/cdn-cgi/local/explorer/api/local/observability/query";
  const { status, body } = await request("POST", service.url + path, { sql, params });
  expect(status, JSON.stringify(body)).toBe(200);
  return body.result.rows.map((row: object) => Object.values(row));
}

/** The spans of the requests with this id. */
async function roots(id: string): ReturnType<typeof query> {
  return await query(
    `SELECT trace_id, json(attributes) FROM spans WHERE parent_id IS NULL
     AND json_extract(attributes, '$."edgeclip.request"') = ?`,
    id,
  );
}

it("shows a request over all Workers, and is found by the request's id", { timeout: 120_000 }, async () => {
  const image = await exampleBase64("fox.png");
  const headers = { "x-request-id": "req_traced" };
  const labels = ["fox", "bus"];
  const { status } = await request("POST", `${service.url}/v1/classify`, { image, labels }, headers);
  expect(status).toBe(200);
  await expect.poll(async () => (await roots("req_traced")).length, { timeout: 30_000 }).toBe(1);
  const [[trace, attributes] = []] = await roots("req_traced");
  expect(JSON.parse(String(attributes))).toMatchObject({
    "http.route": "/v1/classify",
    "edgeclip.request": "req_traced",
    "edgeclip.status": 200,
    "edgeclip.images": 1,
  });
  const workers = async (): Promise<unknown[]> =>
    (
      await query("SELECT DISTINCT service FROM spans WHERE trace_id = ? ORDER BY service", String(trace))
    ).flat();
  const all = ["edgeclip", "edgeclip-decoder", "edgeclip-shards", "edgeclip-text", "edgeclip-vision"];
  await expect.poll(workers, { timeout: 30_000 }).toEqual(all);
  // Each line of the log is in the trace; the gateway's has its id.
  const logged = async (): Promise<unknown[]> =>
    (
      await query(
        "SELECT message FROM logs WHERE trace_id = ? AND message LIKE '%req_traced%'",
        String(trace),
      )
    ).flat();
  await expect.poll(async () => (await logged()).length, { timeout: 30_000 }).toBe(4);
  expect((await logged()).join("\n")).toContain(`\\"trace\\":\\"${String(trace)}\\"`);
});
