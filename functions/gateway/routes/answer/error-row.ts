/** The row of a picture that could not be read, if the request asked for errors to be reported. */
import type { ServiceError } from "../../../runtime/errors.ts";
import { errorFields } from "../../middleware/error-response.ts";

export function errorRow(index: number, error: ServiceError): object {
  return { object: "error", index, error: errorFields(error) };
}
