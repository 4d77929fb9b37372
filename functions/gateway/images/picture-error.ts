/** Errors that concern a single picture of a request, so that the other pictures can be answered. */
import { type ErrorCode, ServiceError } from "../../runtime/errors.ts";

const CODES: ReadonlySet<ErrorCode> = new Set([
  "invalid_image",
  "unsupported_image_format",
  "image_too_large",
  "image_fetch_failed",
  "image_url_forbidden",
]);

/** True for a picture that cannot be read, is too large or was not fetched. All of these are answered with 400. */
export function isPictureError(error: unknown): error is ServiceError {
  return error instanceof ServiceError && CODES.has(error.code);
}

/** A picture's error for another reference to that picture. @param param path of that reference */
export function errorAt(error: ServiceError, param: string): ServiceError {
  if (error.param === null || error.param === param) return error;
  const { length } = error.param;
  const message = error.message.startsWith(error.param)
    ? `${param}${error.message.slice(length)}`
    : error.message;
  return new ServiceError(error.code, message, { param });
}
