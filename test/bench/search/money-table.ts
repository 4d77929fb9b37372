/** What a million searches cost at Cloudflare's prices. */
import type { Table } from "../harness/suite.ts";

/** Dollars for a million of each (developers.cloudflare.com, in October 2026). */
const PRICES = { invocation: 0.3, cpuMs: 0.02, object: 0.15, r2Read: 0.36, rowRead: 0.001 };
/** What is live, and whose the best rows are. */
const OBJECT_CALLS = 2;
/**
 * Of the store's object at most: the record for each call, and a row and its place in the index for ten results and one
 * more.
 */
const ROWS_READ = 24;

export interface Searched {
  name: string;
  /** A search's milliseconds of CPU time, and reads of R2. */
  cpuMs: number;
  r2Reads: number;
}

export function moneyTable(kinds: readonly Searched[]): Table {
  const rows = kinds.map(({ name, cpuMs, r2Reads }) => {
    const parts = [
      PRICES.invocation,
      cpuMs * PRICES.cpuMs,
      OBJECT_CALLS * PRICES.object,
      ROWS_READ * PRICES.rowRead,
      r2Reads * PRICES.r2Read,
    ];
    return [
      name,
      ...[...parts, parts.reduce((sum, part) => sum + part, 0)].map((dollars) => dollars.toFixed(2)),
    ];
  });
  return {
    columns: [
      "a million searches, $",
      "request",
      "CPU time",
      "object calls",
      "rows read",
      "R2 reads",
      "together",
    ],
    rows,
    note: `Prices for a million: requests $${PRICES.invocation}, milliseconds of CPU time $${PRICES.cpuMs}, object calls $${PRICES.object} (${OBJECT_CALLS} a search), rows read $${PRICES.rowRead} (reckoned, not counted: at most ${ROWS_READ} a search), R2 reads $${PRICES.r2Read}. CPU time is that of workerd in the tables above, with the HTTP that stands for the gateway's. Not counted: the time for which objects are in memory, and the query's embedding ([service](service.md)).`,
  };
}
