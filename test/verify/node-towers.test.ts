/** Towers in Node run code of Workers, which waits by a global that Node does not have. */
import { expect, it } from "vitest";
import { NodeTowers } from "../../scripts/towers/node-towers.ts";
import { DEMO_MODEL } from "../support/workers.ts";

it("can wait as a Worker does", async () => {
  const towers = await NodeTowers.load(DEMO_MODEL);
  // Reads of more bytes than may be under way wait for each other: all ids, several times at once.
  const all = Array.from({ length: 49_408 }, (_, id) => id);
  const rows = await Promise.all([all, all, all].map((ids) => towers.tokenRows(ids)));
  expect(rows[1]).toEqual(rows[0]);
  expect(rows[2]).toEqual(rows[0]);
});
