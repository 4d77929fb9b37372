/** Pages of lists, between cursors and in both orders. */
import { describe, expect, it } from "vitest";
import { pageRange } from "../../functions/state/page-range.ts";

describe("a page of a list of the positions 1 to 9", () => {
  const ALL = [1, 2, 3, 4, 5, 6, 7, 8, 9];

  /** As a database answers it. */
  function pageOf(
    after: number | undefined,
    before: number | undefined,
    order: "asc" | "desc",
    limit: number,
  ): [page: number[], hasMore: boolean] {
    const range = pageRange({ after, before, order, limit });
    const rows = ALL.filter((position) => position > range.above && position < range.below);
    if (range.direction === "DESC") rows.reverse();
    const { page, hasMore } = range.pageOf(rows.slice(0, range.limit));
    return [page, hasMore];
  }

  it.each([
    [undefined, undefined, "asc", 3, [1, 2, 3], true],
    [undefined, undefined, "desc", 3, [9, 8, 7], true],
    [undefined, undefined, "asc", 9, ALL, false],
    [undefined, undefined, "asc", 8, [1, 2, 3, 4, 5, 6, 7, 8], true],
    [3, undefined, "asc", 2, [4, 5], true],
    [3, undefined, "desc", 5, [2, 1], false],
    [undefined, 6, "asc", 2, [4, 5], true],
    [undefined, 6, "desc", 2, [8, 7], true],
    [undefined, 2, "asc", 2, [1], false],
    [undefined, 8, "desc", 2, [9], false],
    [2, 8, "asc", 3, [3, 4, 5], true],
    [8, 2, "desc", 5, [7, 6, 5, 4, 3], false],
    [9, undefined, "asc", 3, [], false],
  ] as const)("after %s, before %s, %s, at most %i", (after, before, order, limit, page, hasMore) => {
    expect(pageOf(after, before, order, limit)).toEqual([page, hasMore]);
  });

  it("without cursors begins before the position 0", () => {
    const { above, below } = pageRange({ after: undefined, before: undefined, order: "asc", limit: 1 });
    expect([above, below]).toEqual([-1, Number.MAX_SAFE_INTEGER]);
  });
});
