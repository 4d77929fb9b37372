/** The fields of vector stores that the page reads. */
import { either, list, number, object, type Of, text, truth } from "./shape.ts";
import { error, usage } from "./types.ts";

export const vectorStore = object({
  id: text,
  name: text,
  model: text,
  file_counts: object({ total: number }),
});
export type VectorStore = Of<typeof vectorStore>;

export const vectorStores = object({ data: list(vectorStore) });

const storedPicture = object({ id: text, filename: text });
export type StoredPicture = Of<typeof storedPicture>;

export const storedPictures = object({ data: list(storedPicture), has_more: truth });

/** With `on_error` "report". */
export const storedPicturesWithErrors = object({ data: list(either(storedPicture, object({ error }))) });

/** `score` is a cosine, -1 to 1. */
const match = object({ file_id: text, filename: text, score: number });
export type Match = Of<typeof match>;

export const matches = object({ data: list(match), model: text, revision: text, usage, has_more: truth });
