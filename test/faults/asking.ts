/** The requests of the table, and the part of an answer that must be the same whatever failed meanwhile. */
import { uploadFile } from "../files/support/upload-file.ts";
import { type Answer, request } from "../support/send-request.ts";
import { LABELS, type Prepared } from "./deployment.ts";
import type { Ask } from "./fault-rows.ts";

/** More prompts than one request may compute, so that a queue builds the set. */
const LARGE = { labels: Array.from({ length: 1001 }, (_, i) => `label ${i}`), templates: "none" };

export async function ask(what: Ask, url: string, { image, set, file, store }: Prepared): Promise<Answer> {
  const sets = `${url}/v1/label_sets`;
  const files = `${url}/v1/files`;
  const stores = `${url}/v1/vector_stores`;
  const classify = `${url}/v1/classify`;
  const questions: Record<Ask, () => Promise<Answer>> = {
    labels: () => request("POST", classify, { image, labels: LABELS }),
    "new labels": () => request("POST", classify, { image, labels: ["a fox", "a bus"] }),
    set: () => request("POST", classify, { image, label_set: set }),
    create: () => request("POST", sets, { labels: ["fox", "guitar"] }),
    "create large": () => request("POST", sets, LARGE),
    show: () => request("GET", `${sets}/${set}`),
    list: () => request("GET", sets),
    delete: () => request("DELETE", `${sets}/${set}`),
    file: () => request("POST", classify, { image: { file_id: file }, labels: LABELS }),
    upload: () => uploadFile(url, { bytes: "a file" }),
    files: () => request("GET", files),
    "create store": () => request("POST", stores, { name: "a store" }),
    add: () => request("POST", `${stores}/${store}/files`, { file_id: file, attributes: { year: 2026 } }),
    search: () => request("POST", `${stores}/${store}/search`, { query: "a fox", max_num_results: 3 }),
    "delete file": () => request("DELETE", `${files}/${file}`),
  };
  return await questions[what]();
}

/**
 * The parts of an answer that must not change: everything except the time, the request's id, and the numbers of cache
 * hits.
 */
export function substance({ status, body }: Answer): unknown {
  const {
    created: _created,
    created_at: _createdAt,
    id,
    usage: _usage,
    meta: _meta,
    last_active_at: _lastActiveAt,
    name: _name,
    ...rest
  } = body ?? {};
  // After a failure, half of a new set may remain. When it is requested again, it is not new any more.
  const isDone = status < 300;
  return { isDone, id: String(id).startsWith("ls_") ? id : undefined, ...rest };
}
