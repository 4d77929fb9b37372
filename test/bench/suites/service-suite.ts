/** Measures the service as clients see it: latency by the number of clients, cached requests per second, and cost. */
import { exampleBase64 } from "../../support/example-pictures.ts";
import { post } from "../../support/post.ts";
import { request } from "../../support/send-request.ts";
import type { Workers } from "../../support/workers.ts";
import { median, quantile } from "../harness/statistics.ts";
import type { Options, Report, Suite } from "../harness/suite.ts";
import { digits } from "../harness/times-table.ts";
import { createWorkersOf } from "../support/both-engines.ts";

const CLIENTS = [1, 2, 4, 8];
const ENGINES = ["simd", "ort"] as const;
const LABELS = Array.from({ length: 100 }, (_, at) => `thing number ${at}`);

/** Cloudflare's prices in dollars for a million requests, milliseconds of CPU time, and reads of KV. */
const PRICES = { request: 0.3, cpuMs: 0.02, kvRead: 0.5 };

/** @returns milliseconds of each request, and of the whole run */
async function load(
  clients: number,
  requests: number,
  ask: () => Promise<unknown>,
): Promise<[number[], number]> {
  const times: number[] = [];
  let left = requests;
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const before = performance.now();
      await ask();
      times.push(performance.now() - before);
    }
  };
  const before = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  return [times, performance.now() - before];
}

/** @throws Error if the status is not 200 */
async function sent(url: string, body: object): Promise<void> {
  const { status, body: answer } = await post(url, body);
  if (status !== 200) throw new Error(`${url} answered ${status}: ${JSON.stringify(answer)}`);
}

async function cachedOnly({ url }: Workers, set: string, quick: boolean): Promise<(string | number)[][]> {
  const ways: [string, () => Promise<unknown>][] = [
    ["GET /v1/models", () => request("GET", `${url}/v1/models`)],
    [`GET /v1/label_sets/{id}`, () => request("GET", `${url}/v1/label_sets/${set}`)],
    [
      "POST /v1/embeddings, a cached text",
      () => sent(`${url}/v1/embeddings`, { input: "a photo of a fox." }),
    ],
    [
      "POST /v1/rerank, 16 cached texts",
      () => sent(`${url}/v1/rerank`, { query: "a fox", documents: LABELS.slice(0, 16) }),
    ],
  ];
  const rows: (string | number)[][] = [];
  for (const [name, ask] of ways) {
    await load(4, 8, ask);
    const count = quick ? 20 : 800;
    const [times, all] = await load(4, count, ask);
    rows.push([name, Math.round((1000 * count) / all), digits(median(times)), digits(quantile(times, 0.99))]);
  }
  return rows;
}

function dollars(cpuMs: number, extra = 0): string {
  return (PRICES.request + cpuMs * PRICES.cpuMs + extra).toFixed(2);
}

async function run({ quick }: Options): Promise<Report> {
  const engines = await createWorkersOf(quick);
  try {
    const image = await exampleBase64("fox.png");
    const rows: (string | number)[][] = [];
    const alone = new Map<string, number>();
    let cached: (string | number)[][] = [];
    for (const engine of ENGINES) {
      const { url } = engines[engine];
      const { body: set } = await post(`${url}/v1/label_sets`, { labels: LABELS });
      const ask = (): Promise<void> => sent(`${url}/v1/classify`, { image, label_set: set.id });
      await load(1, quick ? 1 : 6, ask);
      for (const clients of quick ? CLIENTS.slice(0, 2) : CLIENTS) {
        const [times, all] = await load(clients, (quick ? 2 : 10) * clients, ask);
        if (clients === 1) alone.set(engine, median(times));
        const of = (q: number): string => digits(quantile(times, q));
        rows.push([engine, clients, of(0.5), of(0.95), of(0.99), ((1000 * times.length) / all).toFixed(2)]);
      }
      if (engine === "simd") cached = await cachedOnly(engines[engine], set.id as string, quick);
    }
    const [simd = 0, ort = 0] = ENGINES.map((engine) => alone.get(engine));
    return {
      title: "Service",
      about: `Over loopback HTTP, base_w at 256 pixels, in workerd, warm. One process serves all clients on one thread, as one
isolate would; Cloudflare starts more of them under load.`,
      tables: [
        {
          columns: ["classify, 100 cached labels", "clients", "p50, ms", "p95, ms", "p99, ms", "a second"],
          rows,
        },
        { columns: ["nothing but caches, 4 clients", "a second", "p50, ms", "p99, ms"], rows: cached },
        {
          columns: ["a million of", "simd, $", "ort, $"],
          rows: [
            ["classifications, labels cached", dollars(simd), dollars(ort)],
            ["cached texts, read from KV", dollars(2, PRICES.kvRead), dollars(2, PRICES.kvRead)],
          ],
          note: `Cloudflare's prices: ${PRICES.request} $ a million requests, ${PRICES.cpuMs} $ a million milliseconds of CPU time, KV
${PRICES.kvRead} $ a million reads. The CPU time is the latency of one client above, client and HTTP included.`,
        },
      ],
    };
  } finally {
    await Promise.all(ENGINES.map((engine) => engines[engine].dispose()));
  }
}

export const service: Suite = { name: "service", dependsOnDot: true, run };
