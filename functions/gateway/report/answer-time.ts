/** Asks a dependency and measures its answer. */
import { DEADLINES, withDeadline } from "../../runtime/deadline.ts";

export interface AnswerTime {
  name: string;
  ms: number;
  /** Why it did not answer; null if it did. */
  error: string | null;
}

/** It throws nothing: a dependency that fails is what a report is for. */
export async function answerTime(name: string, ask: () => Promise<unknown>): Promise<AnswerTime> {
  const begun = Date.now();
  const error = await withDeadline(DEADLINES.small, ask).then(() => null, reasonOf);
  return { name, ms: Date.now() - begun, error };
}

/** UTF-16 code units of an error's text in a report. */
const MAX_REASON = 300;

export function reasonOf(error: unknown): string {
  return String(error).slice(0, MAX_REASON);
}
