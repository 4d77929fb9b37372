/** Parses values of options. */
import { UsageError } from "./usage-error.ts";

/** @throws UsageError unless it is a whole number between `least` and `most` */
export function wholeNumber(
  name: string,
  text: string,
  { least = 1, most = Number.MAX_SAFE_INTEGER }: { least?: number; most?: number } = {},
): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  throw new UsageError(`${name} is a whole number ${range}, not "${text}"`);
}

/** @throws UsageError unless it is one of the choices */
export function oneOf<const T extends string>(name: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((each) => each === text);
  if (choice !== undefined) return choice;
  throw new UsageError(`${name} is ${list(choices)}, not "${text}"`);
}

function list(choices: readonly string[]): string {
  return choices.length === 1
    ? String(choices[0])
    : `${choices.slice(0, -1).join(", ")} or ${choices.at(-1) ?? ""}`;
}
