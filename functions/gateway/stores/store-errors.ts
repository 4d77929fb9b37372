/** What is said of vector stores, and of pictures in them, that are not there or take nothing. */
import { ServiceError } from "../../runtime/errors.ts";
import { MAX_STORE_PICTURES } from "../../vector-stores/store-limits.ts";
import type { Refusal } from "../../vector-stores/store-state-rpc.ts";
import type { PictureFacts } from "../../vector-stores/stored-picture.ts";
import { shownId } from "../shown-values.ts";

export function storeNotFound(id: string, param = "vector_store_id"): ServiceError {
  return new ServiceError("vector_store_not_found", `there is no vector store ${shownId(id)}`, { param });
}

export function pictureNotInStore(fileId: string): ServiceError {
  const message = `the vector store has no file ${shownId(fileId)}`;
  return new ServiceError("file_not_found", message, { param: "file_id" });
}

export function fileBatchNotFound(id: string): ServiceError {
  const message = `the vector store has no file batch ${shownId(id)}`;
  return new ServiceError("batch_not_found", message, { param: "batch_id" });
}

/** The error for a picture that is not embedded, or whose file is not there. */
export function noContent(picture: PictureFacts): ServiceError {
  const message = `${picture.fileId} has no content: ${whyNoContent(picture)}`;
  return new ServiceError("file_not_found", message, { param: "file_id" });
}

function whyNoContent({ status, bytes, lastError }: PictureFacts): string {
  switch (status) {
    case "in_progress":
      return "it still waits to be embedded";
    case "cancelled":
      return "its file batch was cancelled before it was embedded";
    case "failed":
      return `it could not be embedded${lastError === null ? "" : `: ${lastError.message}`}`;
    default:
      return bytes > 0
        ? "its file was deleted from the account; the store still has its vector"
        : "it was added as a vector, without a picture";
  }
}

/** A cursor that a page cannot begin at. */
export function noSuchCursor(param: "after" | "before", id: string): ServiceError {
  const message = `${param}: the list has no ${shownId(id)} (any more); begin again, or at another`;
  return new ServiceError("invalid_value", message, { param });
}

/** @param id of the store that refused */
export function refusalError(refusal: Refusal, id: string): ServiceError {
  switch (refusal) {
    case "gone":
      return storeNotFound(id);
    case "expired":
      return new ServiceError("vector_store_expired", `the vector store ${id} has expired; make another`);
    case "full": {
      const message = `the vector store would have more than ${MAX_STORE_PICTURES} pictures; delete some, or use another`;
      return new ServiceError("storage_limit_exceeded", message);
    }
    case "width":
      return new ServiceError("store_model_mismatch", `the vector store ${id} has vectors of another width`);
    default: {
      // Busy, whether or not a message is expected.
      const message = "pictures are added to the vector store faster than they are filed; try again";
      return new ServiceError("overloaded", message);
    }
  }
}
