/**
 * How long loading a tower may take before it is a difference: several times what `docs/cold-start.md` and
 * `docs/benchmarks/cold-start.md` have, since hosts, distances and the load of the moment differ.
 */
import { megabytes } from "../../build/report/megabytes.ts";
import { ms } from "./finding.ts";

/** A part that does not depend on the tower's size, and one for each megabyte. */
interface Limit {
  ms: number;
  msPerMegabyte: number;
}

const LIMITS: Readonly<Record<string, Limit>> = {
  // 92 MB took 0.38 s more than a warm run: 4.1 ms a megabyte.
  cache: { ms: 1_000, msPerMegabyte: 20 },
  // 92 MB took 0.7 s more near R2, and 2.28 s far from it: 8 and 25 ms a megabyte.
  r2: { ms: 3_000, msPerMegabyte: 70 },
};

/**
 * @param from where the tower was loaded from
 * @param bytes of the tower's shards
 * @returns milliseconds; undefined for another source, or if the bytes are not known
 */
export function loadLimit(from: string | null, bytes: number | null): number | undefined {
  const limit = LIMITS[from ?? ""];
  if (limit === undefined || bytes === null) return undefined;
  return limit.ms + (limit.msPerMegabyte * bytes) / 1e6;
}

/** The limits of each source. */
export function shownLimits(bytes: number | null): string {
  if (bytes === null) return "a few times what docs/cold-start.md measured for the source";
  const limits = Object.keys(LIMITS).map((from) => `${ms(loadLimit(from, bytes) ?? 0)} from ${from}`);
  return `at most ${limits.join(", ")} for ${megabytes(bytes)} MB`;
}
