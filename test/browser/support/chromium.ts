/** A real Chromium. The variable CHROMIUM gives its path if it is not where Debian installs it. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const GIVEN = process.env["CHROMIUM"];
const ARGUMENTS = [
  "--no-sandbox",
  "--headless",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const EXECUTABLE = GIVEN ?? "/usr/bin/chromium";

/** @throws Error if CHROMIUM names a file that does not exist */
export function isBrowserThere(): boolean {
  const isThere = existsSync(EXECUTABLE);
  if (!isThere && GIVEN !== undefined) throw new Error(`there is no browser at ${GIVEN} (CHROMIUM)`);
  return isThere;
}

export async function launchBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });
}
