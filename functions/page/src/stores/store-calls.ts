/** What the page asks of vector stores. */
import { call } from "../api/call.ts";
import type { Failure } from "../api/failure.ts";
import {
  type StoredPicture,
  storedPictures,
  storedPicturesWithErrors,
  type VectorStore,
  vectorStore,
  vectorStores,
} from "../api/store-types.ts";
import { deleted } from "../api/types.ts";
import { type ApiRequest, requestInit } from "../api-request.ts";
import { rowFailure } from "../many/ask-many.ts";
import type { Picture } from "../pictures/chosen-picture.ts";

/** The most that an account may have. */
const MAX_STORES = 100;
/** Pictures that are shown at first, and with each press of a button. */
const PAGE = 24;
const PATH = "/v1/vector_stores";

export function pathOf(store: string): string {
  return `${PATH}/${store}`;
}

/** @throws Failure, as do all that ask */
export async function listStores(signal: AbortSignal): Promise<VectorStore[]> {
  return (await call(`${PATH}?limit=${MAX_STORES}`, vectorStores, { signal })).body.data;
}

export async function makeStore(name: string, model: string): Promise<VectorStore> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ name, ...(model === "" ? {} : { model }) });
  return (await call(PATH, vectorStore, { method: "POST", headers, body })).body;
}

/** @param after id of the last picture that is shown; the newest come first */
export async function listPictures(
  store: string,
  after: string | undefined,
  signal: AbortSignal,
): Promise<{ data: StoredPicture[]; has_more: boolean }> {
  const from = after === undefined ? "" : `&after=${after}`;
  return (await call(`${pathOf(store)}/files?limit=${PAGE}${from}`, storedPictures, { signal })).body;
}

/** @returns for each picture what the store knows of it, or why it was refused */
export async function addPictures(
  store: string,
  pictures: readonly Picture[],
  signal: AbortSignal,
): Promise<(StoredPicture | Failure)[]> {
  const request: ApiRequest = {
    path: `${pathOf(store)}/files`,
    pictures,
    model: "",
    fields: { on_error: "report" },
  };
  const { data } = (await call(request.path, storedPicturesWithErrors, { ...requestInit(request), signal }))
    .body;
  return data.map((row) => ("error" in row ? rowFailure(row) : row));
}

/** Its file stays among the account's. */
export async function takeOut(store: string, picture: string): Promise<void> {
  await call(`${pathOf(store)}/files/${picture}`, deleted, { method: "DELETE" });
}

export function searchRequest(store: string, question: string | Picture, count: number): ApiRequest {
  const [pictures, words] = typeof question === "string" ? [[], { query: question }] : [[question], {}];
  return {
    path: `${pathOf(store)}/search`,
    pictures,
    model: "",
    fields: { ...words, max_num_results: count },
  };
}
