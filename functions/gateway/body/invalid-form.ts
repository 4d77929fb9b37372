import { ServiceError } from "../../runtime/errors.ts";

/** The error for a body that is not a form, although its content type says so. @param why goes on after a colon */
export function invalidForm(why: string, cause?: unknown): ServiceError {
  const message = `the request's body is not valid multipart/form-data: ${why}`;
  return new ServiceError("invalid_type", message, { cause });
}
