/** Indexes pictures by their embeddings, and searches them by a text or by another picture. */
import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { pictureFiles, pictureType } from "../service/picture-files.ts";
import type { EdgeclipClient, Item } from "./edgeclip-client.ts";
import type { VectorIndex } from "./vector-index.ts";

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
  const pictures = await pictureFiles([folder]);
  for (let start = 0; start < pictures.length; start += PICTURES_PER_REQUEST) {
    const some = pictures.slice(start, start + PICTURES_PER_REQUEST);
    const vectors = await client.embed(await Promise.all(some.map((file) => pictureItem(file))));
    await index.upsert(some.map((file, at) => ({ id: relative(folder, file), values: vectors[at] ?? [] })));
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
  const type = pictureType(path) ?? "image/png";
  return { image: `data:${type};base64,${(await readFile(path)).toString("base64")}` };
}

/** True if a query is the name of a picture file. */
export function isPicture(query: string): boolean {
  return pictureType(query) !== undefined;
}
