/**
 * `npm run bench:label-sets`: measures a classification without the work on its picture, for 10 to 10,000 stored
 * labels, with the full-size model at 256 pixels: warm, and in a new gateway that reads the set from KV. The sizes take
 * turns, so that disturbances of the machine affect all of them. Writes `docs/benchmarks/label-sets.png` and prints a
 * table.
 *
 * The sets' vectors are random, because their values do not change the cost, and the text tower would take minutes for
 * 10,000 labels. `npm run bench:cold-start` measures the text tower's cost of a label.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCommandLine } from "../../build/command-line/command.ts";
import { DEFAULT_NEGATIVE, labelSetId } from "../../functions/label-sets/definition.ts";
import {
  blankMatrix,
  MATRIX_FORMAT,
  namesOf,
  writeMatrixChecksum,
} from "../../functions/label-sets/label-matrix.ts";
import { normalizeRows } from "../../functions/runtime/normalize.ts";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { heavyAndLegal, manyValues } from "../attack/heavy-bodies.ts";
import setup from "../support/bundle-workers.ts";
import { fullSizeModel } from "../support/models/full-size.ts";
import { peakMemory } from "../support/memory/peak-memory.ts";
import { request } from "../support/send-request.ts";
import { startWorkers, totalBytes, type Workers } from "../support/workers.ts";
import { noiseBmp } from "../support/write-bmp.ts";
import { megabytes } from "../../build/report/megabytes.ts";
import { writeLineChart } from "../../scripts/charts/line-chart.ts";
import { median } from "./harness/statistics.ts";

const SIZES = [10, 100, 1000, 10_000];
const ROUNDS = 15;
const ROOT = join(import.meta.dirname, "../..");
const PICTURE = join(ROOT, "test/fixtures/pictures/images/q80_420.jpg");
const CHART = join(ROOT, "docs/benchmarks/label-sets.png");

/** Milliseconds of each part, from the answer's header `server-timing`. */
function timings(header: string | null): Record<string, number> {
  const parts = [...(header ?? "").matchAll(/(\w+);dur=([\d.]+)/g)];
  return Object.fromEntries(parts.map(([, name, duration]) => [name, Number(duration)]));
}

readCommandLine({
  usage: "npm run bench:label-sets",
  about: "Measures a classification without its picture's part, for 10 to 10,000 stored labels.",
});
const model = await fullSizeModel(256);
const manifest = await readManifest(model);
const image = (await readFile(PICTURE)).toString("base64");

/** @param length fewest characters of a name */
function definitionOf(size: number, length = 0) {
  const labels = Array.from({ length: size }, (_, i) => ({
    label: `label ${i} of ${size}`.padEnd(length, "x"),
  }));
  return { labels, templates: ["a photo of a {}."], negative: DEFAULT_NEGATIVE, min_similarity: null };
}

/** Stores vectors where the gateway reads them, then creates the set. */
async function createSet(workers: Workers, size: number, length = 0): Promise<string> {
  const definition = definitionOf(size, length);
  const { matrix, rows } = blankMatrix(namesOf(definition), manifest.embedding_width, {
    tokens: 8 * size,
    truncated: [],
  });
  for (let i = 0; i < rows.length; i++) rows[i] = Math.random() - 0.5;
  normalizeRows(rows, manifest.embedding_width);
  const id = await labelSetId("public", definition);
  await writeMatrixChecksum(matrix, id);
  const sets = await workers.miniflare.getR2Bucket("SETS", "edgeclip");
  await sets.put(`vectors/${id}/${manifest.revision}/${MATRIX_FORMAT}`, matrix.packed);
  const body = { labels: definition.labels };
  const answer = await request("POST", `${workers.url}/v1/label_sets`, body);
  if (answer.body.id !== id) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
  return id;
}

/** Milliseconds of a request without those of the image tower and the decoder. */
async function besidesPicture(workers: Workers, id: string): Promise<number> {
  const body = { image, label_set: id };
  const { status, headers, body: answer } = await request("POST", `${workers.url}/v1/classify`, body);
  if (status !== 200) throw new Error(`${status}: ${JSON.stringify(answer)}`);
  const { total = 0, image: tower = 0, decode = 0 } = timings(headers.get("server-timing"));
  return total - tower - decode;
}

async function warm(workers: Workers, ids: Map<number, string>): Promise<Map<number, number>> {
  const samples = new Map<number, number[]>(SIZES.map((size) => [size, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [size, id] of ids) {
      // The first request of each size fills the gateway's cache in memory.
      const sample = await besidesPicture(workers, id);
      if (round > 0) samples.get(size)?.push(sample);
    }
  }
  return new Map([...samples].map(([size, values]) => [size, median(values)]));
}

/** Sets of about 10,000 labels, the last with 9 MB of names; about 200 MB together. */
const MIXED: readonly (readonly [size: number, length: number])[] = [
  [10_000, 0],
  [9_999, 0],
  [9_998, 100],
  [9_997, 300],
  [9_996, 900],
  [5_000, 0],
  [2_000, 0],
  [1_000, 500],
];

/**
 * Uses all sets at once, with three clients each, and sends the largest bodies meanwhile. @returns the number of
 * answers by status
 */
async function mixedSets(workers: Workers, mixed: readonly string[]): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  const ask = async (id: string, picture: string): Promise<void> => {
    const body = { image: picture, label_set: id, top_k: 10 };
    const { status } = await request("POST", `${workers.url}/v1/classify`, body);
    if (status !== 200 && status !== 503) throw new Error(`status ${status}`);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  };
  const large = Buffer.from(noiseBmp(2000, 1990, 1)).toString("base64");
  await Promise.all([
    ...[0, 1, 2].flatMap(() => mixed.map((id) => ask(id, image))),
    ...mixed.slice(0, 4).map((id) => ask(id, large)),
  ]);
  return statuses;
}

/** The most that a gateway can get at once, while its memory is full of sets. */
async function largestBodies(workers: Workers, id: string): Promise<void> {
  const bodies = [1, 2, 3, 4].map((seed) => ({
    image: Buffer.from(noiseBmp(2000, 1990, seed)).toString("base64"),
    label_set: id,
  }));
  const answers = await Promise.all(
    bodies.map((body) => request("POST", `${workers.url}/v1/classify`, body)),
  );
  for (const { status, body } of answers)
    if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
}

/** Bodies that take much more memory than their size, four at once of each kind. */
async function heaviestBodies(workers: Workers): Promise<void> {
  for (const { path, contentType, body } of [...heavyAndLegal(manifest.embedding_width), ...manyValues()]) {
    const init = { method: "POST", headers: { "content-type": contentType }, body: Buffer.from(body) };
    const answers = await Promise.all([1, 2, 3, 4].map(() => fetch(workers.url + path, init)));
    for (const answer of answers) {
      await answer.arrayBuffer();
      if (answer.status === 500) throw new Error(`${path}: 500`);
    }
  }
}

await setup();
const storage = await mkdtemp(join(tmpdir(), "edgeclip-label-sets-"));
const open = (): Promise<Workers> => startWorkers({ model, storage });
try {
  let workers = await open();
  const ids = new Map<number, string>();
  for (const size of SIZES) ids.set(size, await createSet(workers, size));
  const warmed = await warm(workers, ids);
  const pictures = await peakMemory(workers, () => largestBodies(workers, ids.get(10_000) ?? ""));
  const mixedIds: string[] = [];
  for (const [size, length] of MIXED) mixedIds.push(await createSet(workers, size, length));
  let statuses = new Map<number, number>();
  const mixed = await peakMemory(workers, async () => {
    statuses = await mixedSets(workers, mixedIds);
  });
  const values = await peakMemory(workers, () => heaviestBodies(workers));
  const collected = (await workers.memory(true)).get("edgeclip");
  await workers.dispose();

  const cold = new Map<number, number>();
  for (const [size, id] of ids) {
    workers = await open();
    // Warms the towers. The gateway has not read the set yet.
    await request("POST", `${workers.url}/v1/classify`, { image, labels: ["a"] });
    cold.set(size, await besidesPicture(workers, id));
    await workers.dispose();
  }
  console.log("labels | warm ms | set read from KV ms");
  for (const size of SIZES) {
    console.log(`${size} | ${warmed.get(size)?.toFixed(1)} | ${cold.get(size)?.toFixed(1)}`);
  }
  console.log(`most memory of the gateway, all sets in it and four bodies at once:
  pictures of 16 MB: ${megabytes(pictures.get("edgeclip")?.total ?? 0)}
  the heaviest of each kind (test/attack/heavy-bodies.ts): ${megabytes(values.get("edgeclip")?.total ?? 0)}
  ${MIXED.length} sets, three clients each, and four of the pictures (${[...statuses].map(([status, count]) => `${count} × ${status}`).join(", ")}): ${megabytes(mixed.get("edgeclip")?.total ?? 0)}
  after a forced collection: ${megabytes(collected === undefined ? 0 : totalBytes(collected))}`);
  const points = (times: Map<number, number>): [number, number][] =>
    SIZES.map((size) => [size, Math.max(times.get(size) ?? 0, 0.1)]);
  await writeLineChart(CHART, {
    title: "A classification besides its picture",
    x: "labels in the stored set",
    y: "milliseconds",
    lines: [
      { name: "in memory", points: points(warmed) },
      { name: "read from KV", points: points(cold) },
    ],
  });
} finally {
  await rm(storage, { recursive: true });
}
