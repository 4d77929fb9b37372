/** `describe` where there is a browser; a machine without one skips the tests and says so. */
import { describe } from "vitest";
import { EXECUTABLE, isBrowserThere } from "./chromium.ts";

const isThere = isBrowserThere();
if (!isThere) console.warn(`SKIPPED for want of a browser at ${EXECUTABLE}: CHROMIUM says where another is`);

export const describeInBrowser = isThere ? describe : describe.skip;
