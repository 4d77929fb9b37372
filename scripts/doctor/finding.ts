/** A line of the doctor's report. */

/**
 * `ok`: as expected. `differs`: not as expected, and `otherwise` says what that means. `unknown`: it could not be asked
 * here, or nothing is expected of it.
 */
export type Verdict = "ok" | "differs" | "unknown";

export interface Finding {
  section: string;
  name: string;
  value: string;
  /** What is expected. */
  expected: string;
  /** What a difference means, and what to do. */
  otherwise: string;
  verdict: Verdict;
}

/** Milliseconds as text. */
export function ms(value: number): string {
  return `${Math.round(value)} ms`;
}

/** Milliseconds as text in seconds. */
export function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1000)} s`;
}

export function verdictOf(isExpected: boolean): Verdict {
  return isExpected ? "ok" : "differs";
}
