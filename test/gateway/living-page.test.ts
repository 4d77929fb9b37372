/** Pages of lists some of whose objects are gone. */
import { describe, expect, it } from "vitest";
import { type LivingPage, livingPage } from "../../functions/gateway/routes/answer/living-page.ts";

/** Ids from 1 on, of which those that are living have an object. */
class List {
  asked = 0;
  readonly #ids: readonly string[];
  readonly #living: ReadonlySet<string>;

  constructor(count: number, living: readonly number[]) {
    this.#ids = Array.from({ length: count }, (_, index) => `${index + 1}`);
    this.#living = new Set(living.map(String));
  }

  /** @param before an id: the page that ends there, instead of the first */
  async page(limit: number, before?: string): Promise<LivingPage<string>> {
    return await livingPage(
      limit,
      async (last, most) => {
        const ids =
          before === undefined
            ? this.#ids.slice(last === null ? 0 : Number(last))
            : this.#ids.slice(0, Number(last ?? before) - 1).toReversed();
        const page = ids.slice(0, most);
        return { ids: before === undefined ? page : page.toReversed(), hasMore: ids.length > most };
      },
      async (id) => {
        this.asked++;
        return this.#living.has(id) ? id : undefined;
      },
      ...(before === undefined ? [] : [true]),
    );
  }
}

describe("a page", () => {
  it("is read as it is, and no further, if all of its objects are there", async () => {
    const list = new List(10, [1, 2, 3, 4]);
    expect(await list.page(3)).toEqual({ data: ["1", "2", "3"], hasMore: true });
    expect(list.asked).toBe(3);
    expect(await new List(3, [1, 2, 3]).page(3)).toEqual({ data: ["1", "2", "3"], hasMore: false });
  });

  it.each([1, 20])("of %i is filled from behind those that are gone", async (limit) => {
    expect(await new List(21, [21]).page(limit)).toEqual({ data: ["21"], hasMore: false });
    expect(await new List(60, [1, 59]).page(limit)).toMatchObject({
      data: limit === 1 ? ["1"] : ["1", "59"],
    });
  });

  it("is filled with as few more as are missing", async () => {
    const living = Array.from({ length: 200 }, (_, index) => index + 1).filter((id) => id <= 60 || id > 100);
    const list = new List(200, living);
    expect((await list.page(100)).data).toHaveLength(100);
    expect(list.asked).toBe(140);
  });

  it("says that there is more if there is, whoever of it lives", async () => {
    expect(await new List(30, [5, 25, 26]).page(2)).toEqual({ data: ["5", "25"], hasMore: true });
    expect(await new List(30, []).page(2)).toEqual({ data: [], hasMore: false });
  });

  it("before another is filled from before those that are gone, in the order of the list", async () => {
    expect(await new List(60, [3, 5, 59]).page(2, "59")).toEqual({ data: ["3", "5"], hasMore: false });
    expect(await new List(60, [3, 4, 5, 58]).page(3, "60")).toEqual({
      data: ["4", "5", "58"],
      hasMore: true,
    });
  });

  it("ends where the last that was read is forgotten before the next are", async () => {
    const page = await livingPage(
      2,
      async (last) => (last === null ? { ids: ["1", "2"], hasMore: true } : undefined),
      async (id) => (id === "1" ? id : undefined),
    );
    expect(page).toEqual({ data: ["1"], hasMore: true });
  });

  it("asks a bounded number of objects", async () => {
    const list = new List(10_000, [10_000]);
    expect(await list.page(100)).toEqual({ data: [], hasMore: true });
    expect(list.asked).toBe(400);
  });
});
