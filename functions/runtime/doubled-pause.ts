/** How long to wait before another try: doubled with each one there was, up to the longest. */
export function doubledPause(first: number, longest: number, tries: number): number {
  return Math.min(first * 2 ** tries, longest);
}

/** Seconds until work in the background that failed is tried again, after so many tries before it. */
export function retrySeconds(tries: number): number {
  return doubledPause(5, 600, tries);
}
