/** What a suite of `npm run bench` is given, and what it gives. */

import type { Chart } from "../../../scripts/charts/line-chart.ts";

export interface Options {
  /** A small model and few rounds: shows that everything runs, not how fast. */
  quick: boolean;
}

/** A table: its first column names what the others are about. */
export interface Table {
  columns: string[];
  rows: (string | number)[][];
  /** A paragraph below it, if there is more to say. */
  note?: string;
}

export interface Report {
  title: string;
  /** What was done, in a paragraph. */
  about: string;
  tables: Table[];
  /** Targets, and whether they were met. */
  targets?: { what: string; target: string; reached: string; met: boolean }[];
  /** PNGs beside the report. */
  plots?: { file: string; alt: string; chart: Chart }[];
}

export interface Suite {
  name: string;
  /** Whether its figures depend on what the host's dot product is good for. */
  dependsOnDot?: boolean;
  run(options: Options): Promise<Report>;
}
