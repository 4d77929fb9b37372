/** The limits of an account's label sets that are computed in the background. */

/** Sets that wait for their turn or are computed. */
export const MAX_OPEN_BUILDS = 100;
/** Sets that are computed at once, a part of each in turn. */
export const MAX_BUILDING_SETS = 2;
/** Attempts at a part until its set is given up, about two and a half hours in all. */
export const MAX_TRIES = 20;
