/** Whether the answer to many lines is wanted. */
import type { Wanted } from "../../runtime/wanted.ts";

/** Asks each of them, because the question is its sign of life, too. */
export function stillWanted(asked: readonly { wanted: Wanted }[]): Wanted {
  return async () => {
    const answers = await Promise.all(asked.map(async ({ wanted }) => await wanted()));
    return answers.includes(true);
  };
}
