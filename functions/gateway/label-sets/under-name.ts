import { ServiceError } from "../../runtime/errors.ts";

/**
 * Adds the name that the request gave to an error about a set: the code that works on sets knows only ids.
 * @param id of the set that the name leads to
 */
export function underName(error: unknown, given: string, id: string): unknown {
  if (!(error instanceof ServiceError) || given === id || !error.message.includes(id)) return error;
  const { code, param, cause } = error;
  // The first place says which set; another one may be an address.
  const message = error.message.replace(new RegExp(`"?${id}"?`), `${JSON.stringify(given)} (${id})`);
  return new ServiceError(code, message, { ...(param === null ? {} : { param }), cause });
}
