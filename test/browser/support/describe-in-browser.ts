/** `describe` for tests that need a browser. Without one, the tests are skipped and a warning is printed. */
import { describe } from "vitest";
import { EXECUTABLE, isBrowserThere } from "./chromium.ts";

const isThere = isBrowserThere();
if (!isThere)
  console.warn(`SKIPPED, because there is no browser at ${EXECUTABLE}: set CHROMIUM to the path of one`);

export const describeInBrowser = isThere ? describe : describe.skip;
