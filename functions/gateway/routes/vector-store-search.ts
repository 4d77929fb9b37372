/** `POST /v1/vector_stores/{id}/search`: the pictures of a store that are nearest to words, pictures or a mix. */
import { Hono } from "hono";
import { vectorsOf } from "../embed/embed-mixes.ts";
import { foldAliases, PICTURE_ALIASES } from "../body/fields.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { refuseDeepFilters } from "../schemas/fields/filter.ts";
import { storeSearchRequestSchema } from "../schemas/store-search-request.ts";
import { validate } from "../schemas/fields/validate.ts";
import { describeMatch } from "../stores/describe-store.ts";
import { searchStore, textsOf } from "../stores/search-store.ts";
import { answeredBy } from "./answer/inference-response.ts";
import { reportUsage } from "./answer/report-usage.ts";
import { holdVectors, wantedBy } from "./request/embedding-context.ts";
import { readFieldsAndFiles, requestPictures } from "./request/fields-and-pictures.ts";
import { requestedStore, requireModel } from "./request/requested-store.ts";

export const vectorStoreSearch = new Hono<GatewayEnv>().post("/v1/vector_stores/:id/search", async (c) => {
  const store = await requestedStore(c, c.req.param("id"));
  const { manifest } = store;
  const fields = await readFieldsAndFiles(c, () => Promise.resolve(requestPictures(c, manifest)));
  refuseDeepFilters(fields["filters"]);
  const request = await validate(storeSearchRequestSchema, foldAliases(fields, PICTURE_ALIASES), wantedBy(c));
  await requireModel(c, store, request.model);
  const isList = Array.isArray(fields["query"]);
  const paramOf = (index: number, part?: number): string => {
    if (part !== undefined) return `content[${part}]`;
    if (request.isMix) return "content";
    if (fields["query"] === undefined) return `images[${index}]`;
    return isList ? `query[${index}]` : "query";
  };
  await holdVectors(c, manifest, vectorsOf(request.items));
  const pictures = requestPictures(c, manifest);
  const { matches, hasMore, usage, ...searched } = await searchStore(store, pictures, request, paramOf);
  c.set("searched", searched);
  return c.json({
    object: "vector_store.search_results.page",
    search_query: textsOf(request.items),
    data: matches.map(describeMatch),
    has_more: hasMore,
    next_page: null,
    ...answeredBy(c, manifest),
    usage: reportUsage(c, usage),
  });
});
