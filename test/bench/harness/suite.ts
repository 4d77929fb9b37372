/** Input and output of a suite of `npm run bench`. */

import type { Chart } from "../../../scripts/charts/line-chart.ts";

export interface Options {
  /** Uses a small model and few rounds, to test that the suite runs; the times mean nothing. */
  quick: boolean;
}

/** A table. Its first column names what the other columns measure. */
export interface Table {
  columns: string[];
  rows: (string | number)[][];
  /** A paragraph below the table. */
  note?: string;
}

export interface Report {
  title: string;
  /** What writes it, if it is not a suite of `npm run bench`. */
  command?: string;
  /** A paragraph that describes the measurement. */
  about: string;
  tables: Table[];
  /** Targets, and whether they were met. */
  targets?: { what: string; target: string; reached: string; met: boolean }[];
  /** PNGs beside the report. */
  plots?: { file: string; alt: string; chart: Chart }[];
}

export interface Suite {
  name: string;
  /** True if the figures depend on the kind of the host's dot product. */
  dependsOnDot?: boolean;
  run(options: Options): Promise<Report>;
}
