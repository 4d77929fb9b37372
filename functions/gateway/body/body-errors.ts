/** Refusals that several readers of bodies share. */
import { ServiceError } from "../../runtime/errors.ts";

/** @throws ServiceError `unsupported_media_type` if the body is compressed: its size would not be known */
export function assertUncompressed({ headers }: Request): void {
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding === "identity") return;
  const message = "the request's body must not be compressed: send it without a content-encoding";
  throw new ServiceError("unsupported_media_type", message);
}

/** The error for a body that is not a form, although its content type says so. @param why goes on after a colon */
export function invalidForm(why: string, cause?: unknown): ServiceError {
  const message = `the request's body is not valid multipart/form-data: ${why}`;
  return new ServiceError("invalid_type", message, { cause });
}
