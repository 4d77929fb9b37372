/** Vector stores, their pictures and file batches in OpenAI's words. */
import { configuredModel } from "../../runtime/model-store/configured-model.ts";
import type { FileBatchFacts } from "../../vector-stores/file-batch-rpc.ts";
import type { Match } from "../../vector-stores/search-rpc.ts";
import type { StoreFacts } from "../../vector-stores/store-state-rpc.ts";
import type { PictureFacts } from "../../vector-stores/stored-picture.ts";

/** An entry of a list. */
export interface Described {
  id: string;
  [field: string]: unknown;
}

export function describeStore(facts: StoreFacts): Described {
  const { alias, revision } = configuredModel(facts.model);
  return {
    id: facts.id,
    object: "vector_store",
    created_at: facts.createdAt,
    name: facts.name ?? "",
    description: facts.description,
    status: facts.status,
    usage_bytes: facts.usageBytes,
    file_counts: facts.counts,
    metadata: facts.metadata,
    last_active_at: facts.lastActiveAt,
    expires_at: facts.expiresAt,
    ...(facts.expiresAfterDays !== null && {
      expires_after: { anchor: "last_active_at", days: facts.expiresAfterDays },
    }),
    model: alias,
    revision,
  };
}

export function describePicture(store: string, facts: PictureFacts): Described {
  return {
    id: facts.fileId,
    object: "vector_store.file",
    created_at: facts.createdAt,
    vector_store_id: store,
    status: facts.status,
    last_error: facts.lastError,
    usage_bytes: facts.bytes,
    attributes: facts.attributes,
    filename: facts.filename,
  };
}

export function describeFileBatch(store: string, facts: FileBatchFacts): object {
  return {
    id: facts.id,
    object: "vector_store.files_batch",
    created_at: facts.createdAt,
    vector_store_id: store,
    status: facts.status,
    file_counts: facts.counts,
  };
}

/** A picture has no text but its name. */
export function describeMatch({ picture, score }: Match): object {
  const { fileId, filename, attributes } = picture;
  return { file_id: fileId, filename, score, attributes, content: [{ type: "text", text: filename }] };
}
