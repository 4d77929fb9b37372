/**
 * Tells which picture servers are too slow for the room that they may need. A picture whose length is unknown may have
 * 20 MB, so nobody else could be promised as much while it is read. Most servers that send slowly have a small picture,
 * or none at all.
 */

/** Milliseconds of waiting before a server is judged: connections start slowly. */
const START_MS = 2_000;
/** How many times as fast as so far a server may still become. */
const FASTER = 2;

/**
 * True if a server cannot send in time all that it may still send.
 * @param bytes that have come
 * @param most bytes that may come altogether
 * @param waited milliseconds spent waiting for them
 * @param limit milliseconds that it may take altogether
 */
export function isBehind(bytes: number, most: number, waited: number, limit: number): boolean {
  if (waited < START_MS) return false;
  return most - bytes > ((FASTER * bytes) / waited) * (limit - waited);
}
