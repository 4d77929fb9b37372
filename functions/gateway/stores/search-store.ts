/** Searches a vector store: the queries are embedded here, the search Worker compares. */
import { modelReference } from "../../../model-shards/model-reference.ts";
import { DEADLINES, withDeadline } from "../../runtime/deadline.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { rpcValue } from "../../runtime/rpc-result.ts";
import type { SearchResult } from "../../vector-stores/search-rpc.ts";
import { embedMixes } from "../embed/embed-mixes.ts";
import type { PictureBatch } from "../embed/picture-batch.ts";
import type { Usage } from "../embed/usage.ts";
import type { StoreSearchRequest } from "../schemas/store-search-request.ts";
import type { OpenStore } from "./open-store.ts";

/** What a search cost, for logs. */
export interface Searched {
  /** Pictures that were compared. */
  scanned: number;
  /** Objects that were read from R2, and their bytes. */
  reads: number;
  bytesRead: number;
}

type Search = Pick<StoreSearchRequest, "items" | "max_num_results"> &
  Partial<Pick<StoreSearchRequest, "filters" | "ranking_options">>;

/**
 * @throws ServiceError naming the bad query; `vector_store_not_found`, `vector_store_expired`, `store_model_mismatch`,
 * `overloaded`, `model_unavailable`
 */
export async function searchStore(
  { account, id, manifest }: OpenStore,
  pictures: PictureBatch,
  { items, filters, max_num_results, ranking_options }: Search,
  paramOf: (index: number, part?: number) => string,
): Promise<SearchResult & { usage: Usage }> {
  const { env, timings, requestId } = pictures.context;
  const { vectors, usage } = await embedMixes(items, pictures, paramOf, "fail");
  const request = {
    account,
    store: id,
    model: modelReference(manifest),
    queries: vectors.map(({ embedding }) => embedding.slice()),
    filter: filters ?? null,
    limit: max_num_results,
    minScore: ranking_options?.score_threshold ?? null,
  };
  const result = await timings.measure("search", () =>
    withDeadline(DEADLINES.worker, () => env.SEARCH.search(request, requestId)).catch((cause: unknown) => {
      throw new ServiceError("overloaded", "the search could not answer; try again", { cause });
    }),
  );
  return { ...rpcValue(result), usage };
}

/** The texts among the queries, as OpenAI repeats them. */
export function textsOf(items: StoreSearchRequest["items"]): string[] {
  return items.flatMap((item) =>
    ("mix" in item ? item.mix : [item]).flatMap((each) => ("text" in each ? [each.text] : [])),
  );
}
