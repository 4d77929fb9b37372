/**
 * The measured figures that the model of scale starts from, read from the tables of docs/benchmarks, so that a bench that
 * is run again changes the model, too.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../paths.ts";

export interface Measured {
  /** Seconds of CPU time of a classification with cached labels, which is its time on a warm isolate. */
  seconds: number;
  /** Dollars for a million of these. */
  dollars: number;
  /** Seconds until the first picture of a cold isolate. */
  cold: { nearR2: number; farCacheEmpty: number; farCacheFilled: number };
  /** Milliseconds of CPU time of a cold tower, before its first picture. */
  loadingMs: number;
  /** Reads of R2 by the shards Worker for a cold tower that finds the cache empty. */
  readsOfR2: number;
  /** Where the figures are from, for the document. */
  sources: string[];
}

const FOLDER = "docs/benchmarks";
/** Rows of the report on cold starts. */
const LOADING = [
  "compile the kernels",
  "instantiate them",
  "read the graphs, plan the memory",
  "hash the weights",
  "bring the weights into the kernels' order",
];

/** @throws Error that names the row which a document no longer has */
export async function readMeasured(): Promise<Measured> {
  const [service, cold] = await Promise.all([readRows("service.md"), readRows("cold-start.md")]);
  const perSecond = service.cell("simd", 1, ["1"]);
  const seconds = perSecond / 1000;
  const dollars = service.cell("classifications, labels cached", 1);
  const start = {
    nearR2: cold.cell("near R2, no cache", 1) / 1000,
    farCacheEmpty: cold.cell("far R2, cache empty", 1) / 1000,
    farCacheFilled: cold.cell("far R2, cache filled", 1) / 1000,
  };
  const loadingMs = LOADING.reduce((sum, row) => sum + cold.cell(row, 1), 0);
  const readsOfR2 = numberIn(cold.text, /all done; (\d+) reads of R2, as many as for one/, "reads of R2");
  return {
    seconds,
    dollars,
    cold: start,
    loadingMs,
    readsOfR2,
    sources: [
      `a classification with cached labels takes ${seconds} s with one client, which is counted as its CPU time, and a million of them cost ${dollars} $ ([service](benchmarks/service.md), own kernels, ${service.machine})`,
      `the first picture of a cold isolate takes ${start.nearR2} s near R2, ${start.farCacheEmpty} s far from it, ${start.farCacheFilled} s with a filled cache; hashing, ordering and compiling take ${Math.round(loadingMs)} ms of CPU time; with an empty one the shards Worker reads R2 ${readsOfR2} times ([cold start](benchmarks/cold-start.md), own kernels, ${cold.machine})`,
    ],
  };
}

interface Rows {
  text: string;
  /** The processor that the document names. */
  machine: string;
  /**
   * @param row text of its first cell
   * @param column counted from 0; the first number in it counts
   * @param also cells that must follow the first one
   */
  cell(row: string, column: number, also?: readonly string[]): number;
}

async function readRows(name: string): Promise<Rows> {
  const text = await readFile(join(ROOT, FOLDER, name), "utf8");
  const rows = text
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const [, machine = "an unnamed processor"] = /processor:? ([^,;·\n]+)/.exec(text) ?? [];
  return {
    text,
    machine: machine.trim(),
    cell: (row, column, also = []) => {
      const found = rows.find(
        ([first, ...rest]) => first === row && also.every((cell, at) => rest[at] === cell),
      );
      return numberIn(
        found?.[column + also.length] ?? "",
        /^([\d.]+)/,
        `the row "${row}" of ${FOLDER}/${name}`,
      );
    },
  };
}

/** @throws Error if there is none */
function numberIn(text: string, pattern: RegExp, what: string): number {
  const value = Number(pattern.exec(text)?.[1] ?? NaN);
  if (Number.isNaN(value)) throw new Error(`${what} has no number; scripts/scale/measured.ts reads it`);
  return value;
}
