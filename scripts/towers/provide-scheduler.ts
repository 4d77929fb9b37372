/** Code of Workers waits by the global `scheduler`, which Node has only as a module. */
import { scheduler } from "node:timers/promises";

export function provideScheduler(): void {
  Object.assign(globalThis, { scheduler });
}
