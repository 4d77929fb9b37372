/** Times of contenders as rows: median, quartiles, and the ratio to one of them. */
import { median, quantile } from "./statistics.ts";
import type { Table } from "./suite.ts";

/** @param name of the contender by whose median the last column divides */
export function timesTable(times: ReadonlyMap<string, readonly number[]>, of: string, note?: string): Table {
  const base = median(times.get(of) ?? []);
  return {
    columns: ["", "median, ms", "quartiles, ms", `÷ ${of}`],
    rows: [...times].map(([name, values]) => [
      name,
      digits(median(values)),
      `${digits(quantile(values, 0.25))}–${digits(quantile(values, 0.75))}`,
      (median(values) / base).toFixed(2),
    ]),
    ...(note === undefined ? {} : { note }),
  };
}

/** Three significant digits, without exponents. */
export function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
