/**
 * A cached vector always belongs to the text in its key, whatever others requested before. Cleaning a text twice may
 * differ from cleaning it once: "Jazz &Amp; soul" becomes "jazz &amp; soul", and that becomes "jazz & soul".
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writeMatrixChecksum, unpackMatrix } from "../../../functions/label-sets/label-matrix.ts";
import { addKey } from "../../support/add-key.ts";
import { exampleBase64 } from "../../support/example-pictures.ts";
import { type Answer, request } from "../../support/send-request.ts";
import { startWorkers, type Workers } from "../../support/workers.ts";

const ONCE = "jazz &amp; soul";
const TWICE = "jazz &Amp; soul";
const SHOUTED = "Jazz &Amp; soul";
const NONE = ["none"];

let folder: string;
let image: string;
let truth: Map<string, number[]>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-keys-"));
  image = await exampleBase64("fox.png");
  truth = new Map();
  // Each answer comes from Workers that got no other request.
  for (const text of [ONCE, TWICE]) {
    const fresh = await startWorkers();
    const { body } = await request("POST", `${fresh.url}/v1/embeddings`, { input: text });
    truth.set(text, body.data[0].embedding);
    await fresh.dispose();
  }
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

class Client {
  readonly #url: string;
  readonly #headers: Record<string, string>;

  constructor({ url }: Workers, key: string) {
    this.#url = url;
    this.#headers = { authorization: `Bearer ${key}` };
  }

  async post(path: string, body: object): Promise<Answer> {
    return await request("POST", `${this.#url}${path}`, body, this.#headers);
  }

  async embed(...input: string[]): Promise<number[][]> {
    const { body } = await this.post("/v1/embeddings", { input });
    return body.data.map(({ embedding }: { embedding: number[] }) => embedding);
  }

  /** Cosines of the picture with these labels, by label. */
  async classify(labels: object): Promise<Map<string, number>> {
    const { body } = await this.post("/v1/classify", { image, top_k: 1000, ...labels });
    const rows = body.data[0].predictions as { label: string; similarity: number }[];
    return new Map(rows.map(({ label, similarity }) => [label, similarity]));
  }
}

it("one client's spellings do not change another's answers, now or after a restart", async () => {
  let workers = await startWorkers({ access: "keys", storage: folder });
  const keys = (await workers.miniflare.getKVNamespace("KEYS", "edgeclip")) as unknown as Parameters<
    typeof addKey
  >[0];
  const [one, other] = await Promise.all([addKey(keys, "one"), addKey(keys, "other")]);
  const client = new Client(workers, one.key);
  await client.embed(ONCE);
  await client.embed(TWICE);
  await sleep(1000);
  const both = await client.embed(ONCE, SHOUTED);
  expect.soft(both).toEqual([truth.get(ONCE), truth.get(TWICE)]);

  const cosines = await new Client(workers, one.key).classify({ labels: [ONCE, TWICE], templates: NONE });
  const expected = await expectedCosines(client);
  expect.soft(cosines).toEqual(expected);
  const filling = Array.from({ length: 110 }, (_, i) => `filling ${i}`);
  const definition = { labels: [ONCE, TWICE, ...filling], templates: NONE };
  const stored = await new Client(workers, other.key).post("/v1/label_sets", definition);
  await workers.dispose();

  workers = await startWorkers({ access: "keys", storage: folder });
  const later = new Client(workers, other.key);
  expect.soft(await later.embed(SHOUTED, ONCE)).toEqual([truth.get(TWICE), truth.get(ONCE)]);
  for (const labels of [definition, { label_set: stored.body.id as string }]) {
    const found = await later.classify(labels);
    expect.soft([found.get(ONCE), found.get(TWICE)]).toEqual([expected.get(ONCE), expected.get(TWICE)]);
  }
  await workers.dispose();
});

/** The vectors that fresh Workers give, found through the API's own comparison with ready vectors. */
async function expectedCosines(client: Client): Promise<Map<string, number>> {
  const texts = [ONCE, TWICE].map((text) => ({ embedding: truth.get(text) }));
  const { body } = await client.post("/v1/similarity", { image, texts });
  const [once, twice] = body.data[0].scores as { similarity: number }[];
  return new Map([
    [ONCE, once?.similarity ?? NaN],
    [TWICE, twice?.similarity ?? NaN],
  ]);
}

it("vectors under keys of the old format are not served after the upgrade", async () => {
  const storage = join(folder, "upgrade");
  let workers = await startWorkers({ storage });
  const ask = async (body: object): Promise<Answer> =>
    await request("POST", `${workers.url}/v1/classify`, { image, ...body });
  const { body: set } = await request("POST", `${workers.url}/v1/label_sets`, { labels: ["fox", "bus"] });
  const right = (await ask({ label_set: set.id })).body.data;
  const { id, revision } = { id: set.id as string, revision: workers.prefix.split("/")[1] ?? "" };

  const sets = await workers.miniflare.getR2Bucket("SETS", "edgeclip");
  const cache = await workers.miniflare.getKVNamespace("CACHE", "edgeclip");
  const { objects } = await sets.list({ prefix: `vectors/${id}/${revision}` });
  const [key = ""] = objects.map((each) => each.key);
  const packed = await (await sets.get(key))?.arrayBuffer();
  const matrix = await unpackMatrix(packed ?? new ArrayBuffer(), 128, id);
  if (matrix === undefined) throw new Error("the set has no vectors");
  // The label "fox" with the vector of "bus", as whole as any other.
  matrix.vectors.copyWithin(0, matrix.vectors.length / 2);
  await writeMatrixChecksum(matrix, id);
  await sets.delete(key);
  await sets.put(`vectors/${id}/${revision}`, matrix.packed);
  for (const { name } of (await cache.list()).keys) await cache.delete(name);
  await cache.put(`labels2/${revision}/${id}`, matrix.packed);
  await workers.dispose();

  workers = await startWorkers({ storage });
  expect((await ask({ label_set: id })).body.data).toEqual([{ ...right[0], label_set: id }]);
  const left = await (await workers.miniflare.getR2Bucket("SETS", "edgeclip")).list({ prefix: "vectors/" });
  // The former release may have to be served again.
  expect(left.objects.map((each) => each.key)).toEqual([`vectors/${id}/${revision}`, key]);
  await workers.dispose();
});
