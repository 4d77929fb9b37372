/** A page of a list in the order of a column `position`, as OpenAI's `after`, `before`, `order` and `limit` say. */

export interface PageCursors {
  /** Position that the cursor names; undefined without a cursor. */
  after: number | undefined;
  before: number | undefined;
  limit: number;
  order: "asc" | "desc";
}

export interface PageRange {
  /** For `WHERE … ORDER BY position … LIMIT ?`. Positions on both sides are not in the page. */
  above: number;
  below: number;
  direction: "ASC" | "DESC";
  /** One more than asked for, which says whether there are more. */
  limit: number;
  /** The page, of the rows that were found. */
  pageOf<T>(rows: T[]): { page: T[]; hasMore: boolean };
}

/** `before` alone asks for the page that ends where the other begins, so it is read backwards. */
export function pageRange({ after, before, limit, order }: PageCursors): PageRange {
  const [above, below] = order === "asc" ? [after, before] : [before, after];
  const isBackwards = after === undefined && before !== undefined;
  const isRising = (order === "asc") !== isBackwards;
  return {
    above: above ?? -1,
    below: below ?? Number.MAX_SAFE_INTEGER,
    direction: isRising ? "ASC" : "DESC",
    limit: limit + 1,
    pageOf: (rows) => {
      const page = rows.slice(0, limit);
      return { page: isBackwards ? page.toReversed() : page, hasMore: rows.length > limit };
    },
  };
}
