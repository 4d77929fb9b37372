import { ServiceError } from "../../runtime/errors.ts";

/** @throws ServiceError `unsupported_media_type` if the body is compressed: its size would not be known */
export function assertUncompressed({ headers }: Request): void {
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding === "identity") return;
  const message = "the request's body must not be compressed: send it without a content-encoding";
  throw new ServiceError("unsupported_media_type", message);
}
