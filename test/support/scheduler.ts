/** The `scheduler` of Workers, which Node has too, though not as a global. */
import { scheduler } from "node:timers/promises";

export function provideScheduler(): void {
  Object.assign(globalThis, { scheduler });
}
