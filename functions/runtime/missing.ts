/**
 * For what is there unless the service is wrong, such as the row of an index below the number of rows.
 * @throws Error, which is answered 500 and logged
 */
export function missing(what: string): never {
  throw new Error(what);
}
