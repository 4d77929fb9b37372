/** Indexes pictures by their embeddings, and searches them by a text or by another picture. */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { EdgeclipClient, Item } from "./edgeclip-client.ts";
import type { VectorIndex } from "./vector-index.ts";

const PICTURES = /\.(jpe?g|png|webp|gif|bmp|tiff?|avif|hei[cf])$/i;
/** The API's limit. */
const PICTURES_PER_REQUEST = 16;
/** The index is approximate, so more candidates than results are taken from it and reranked exactly. */
const CANDIDATES_PER_RESULT = 4;

/** @returns the number of pictures indexed */
export async function indexFolder(
  folder: string,
  client: EdgeclipClient,
  index: VectorIndex,
): Promise<number> {
  const files = await readdir(folder, { recursive: true });
  const pictures = files.filter((file) => PICTURES.test(file)).toSorted();
  for (let start = 0; start < pictures.length; start += PICTURES_PER_REQUEST) {
    const some = pictures.slice(start, start + PICTURES_PER_REQUEST);
    const vectors = await client.embed(
      await Promise.all(some.map((file) => pictureItem(join(folder, file)))),
    );
    await index.upsert(some.map((id, at) => ({ id, values: vectors[at] ?? [] })));
  }
  return pictures.length;
}

/**
 * @param query a text, or a picture as `pictureItem` makes it
 * @returns paths of the pictures, and their exact cosines, the best first
 */
export async function search(
  query: Item,
  count: number,
  client: EdgeclipClient,
  index: VectorIndex,
): Promise<{ id: string; score: number }[]> {
  const [vector = []] = await client.embed([query]);
  const candidates = await index.query(vector, count * CANDIDATES_PER_RESULT);
  if (candidates.length === 0) return [];
  const ranked = await client.rerank(
    query,
    candidates.map(({ values }) => values),
  );
  return ranked.slice(0, count).map(({ index: at, score }) => ({ id: candidates[at]?.id ?? "", score }));
}

/** A picture file as an item of a request. */
export async function pictureItem(path: string): Promise<{ image: string }> {
  const type = extname(path).slice(1).toLowerCase();
  return { image: `data:image/${type};base64,${(await readFile(path)).toString("base64")}` };
}

/** True if a query is the name of a picture file. */
export function isPicture(query: string): boolean {
  return PICTURES.test(query);
}
