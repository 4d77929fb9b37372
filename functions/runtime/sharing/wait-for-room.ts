/** Waits for room that other requests hold, by polling; `sign-of-life.ts` says why. */

/** Time between two polls, at first and at most. Of a hundred that wait, each must take little time. */
const PAUSE_MS = { first: 10, most: 50 } as const;

/**
 * Patience is counted in pauses, not by the clock: while the isolate is too busy to poll, nobody gives room back, and
 * nobody finds out who is slow.
 * @param enter takes the room if there is some: at once, before another one that waits polls
 * @param patience milliseconds
 * @param beforePause called when there is no room, with the milliseconds waited so far; what it throws ends the wait
 * @returns false if there was no room in time
 */
export async function waitForRoom(
  enter: () => boolean,
  patience: number,
  beforePause: (waited: number) => void = () => {},
): Promise<boolean> {
  let [waited, pause] = [0, PAUSE_MS.first as number];
  while (!enter()) {
    if (waited > patience) return false;
    beforePause(waited);
    await scheduler.wait(pause);
    waited += pause;
    pause = Math.min(2 * pause, PAUSE_MS.most);
  }
  return true;
}
