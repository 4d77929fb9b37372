/** Who gets room first: the client that holds least, whatever is a client here. */
import { describe, expect, it } from "vitest";
import {
  byClient,
  heldByClient,
  inFairOrder,
  largestOf,
  ownerOf,
} from "../../../functions/gateway/body/fair-order.ts";

/** Two requests of `a` hold more together than the one of `b`, and each of them less. */
const SHARES = [
  { owner: "a", held: 3, name: "a1" },
  { owner: "b", held: 4, name: "b1" },
  { owner: "a", held: 2, name: "a2" },
  { owner: undefined, held: 1, name: "none1" },
  { owner: undefined, held: 1, name: "none2" },
];

const namesOf = (shares: readonly { name: string }[]): string[] => shares.map(({ name }) => name);

describe("fair order", () => {
  it("counts what all requests of a client hold, and those of none as one client", () => {
    expect(Object.fromEntries(heldByClient(SHARES))).toEqual({ a: 5, b: 4, undefined: 2 });
  });

  it("puts the client that holds least first, and its requests in order of arrival", () => {
    expect(namesOf(inFairOrder(SHARES))).toEqual(["none1", "none2", "b1", "a1", "a2"]);
    expect(namesOf(SHARES)[0]).toBe("a1");
  });

  it("takes a client that is not counted for one that holds nothing", () => {
    const heldBy = heldByClient(SHARES);
    const stranger = { owner: "c", held: 9 };
    expect(byClient(heldBy, stranger, { owner: "b", held: 0 })).toBeLessThan(0);
    expect(byClient(heldBy, { owner: "b", held: 0 }, stranger)).toBeGreaterThan(0);
  });

  it("counts lines of a client apart from its requests", () => {
    const owners = [ownerOf("a", false), ownerOf("a", true), ownerOf("b", true)];
    expect(owners[0]).toBe("a");
    expect(new Set(owners).size).toBe(3);
  });

  it("finds the one that holds most, of several the latest", () => {
    expect(largestOf([])).toBeUndefined();
    expect(largestOf(SHARES)?.name).toBe("b1");
    expect(
      largestOf([...SHARES, { owner: "c", held: 4, name: "c1" }, { owner: "c", held: 2, name: "c2" }])?.name,
    ).toBe("c1");
  });
});
