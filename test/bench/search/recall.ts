/** Recall at 10 against exact float vectors, for pictures of two artists that the demonstration model embeds. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import evaluation from "../../fixtures/eval/eval.json" with { type: "json" };
import { RecallStore } from "../../search/support/recall.ts";
import { SearchService } from "../../search/support/search-service.ts";
import { embed } from "../../support/embed.ts";
import { startWorkers } from "../../support/workers.ts";
import { ARTISTS, drawn, iconsOf } from "../artwork/icons.ts";
import { installContenders } from "../contenders/contender.ts";

const BENCH = join(import.meta.dirname, "..");
const EVALUATION = join(BENCH, "../fixtures/eval");
const PICTURES = 3_000;
const QUERIES = 1_000;
/** Prime, and no factor of `PICTURES`: every picture is taken once. */
const STEP = 1_009;
const PICTURES_PER_REQUEST = 16;
const TEXTS_PER_REQUEST = 500;

/** A mean over queries, and its standard error. */
export interface Share {
  mean: number;
  error: number;
}

export interface Recall {
  /** Pictures in the store, and queries of each kind. */
  rows: number;
  queries: number;
  byPicture: Share;
  byText: Share;
}

interface Named {
  name: string;
  /** base64 */
  image: string;
}

async function artwork(): Promise<Named[]> {
  await installContenders(join(BENCH, "artwork"));
  const all: Named[] = [];
  for (const artist of ARTISTS) {
    const icons = (await iconsOf(artist)).slice(0, PICTURES / ARTISTS.length);
    all.push(...icons.map((icon) => ({ name: icon.name, image: drawn(icon) })));
  }
  // The first are the queries: take them from all over the list.
  return all.map((_, i) => all[(i * STEP) % all.length] as Named);
}

async function evaluated(): Promise<Named[]> {
  return await Promise.all(
    evaluation.items.map(async ({ file, label }) => ({
      name: label,
      image: (await readFile(join(EVALUATION, file))).toString("base64"),
    })),
  );
}

function shareOf(values: readonly number[]): Share {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (values.length - 1) / values.length) };
}

/** @param quick with the 200 pictures of the evaluation instead of thousands */
export async function measureRecall(quick: boolean): Promise<Recall> {
  const all = quick ? await evaluated() : await artwork();
  const queries = quick ? 40 : QUERIES;
  const workers = await startWorkers();
  let vectors: Float32Array[];
  let texts: Float32Array[];
  try {
    const images = all.map(({ image }) => ({ image }));
    vectors = await embed(workers.url, images, PICTURES_PER_REQUEST);
    const names = all.slice(0, queries).map(({ name }) => `a picture of ${name}`);
    texts = await embed(workers.url, names, TEXTS_PER_REQUEST);
  } finally {
    await workers.dispose();
  }
  const service = await SearchService.start();
  try {
    const rows = vectors.slice(queries);
    const store = await RecallStore.of(service, rows);
    const byPicture = shareOf(await store.recallOf(vectors.slice(0, queries)));
    return { rows: rows.length, queries, byPicture, byText: shareOf(await store.recallOf(texts)) };
  } finally {
    await service.miniflare.dispose();
  }
}
