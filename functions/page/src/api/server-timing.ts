/** Reads `server-timing`. The browser's own `PerformanceServerTiming` comes too late, and not on every origin. */

/** @returns milliseconds by name, in the header's order */
export function readServerTiming(header: string | null): Map<string, number> {
  const parts = (header ?? "").matchAll(/([\w-]+);dur=([\d.]+)/g);
  return new Map([...parts].map(([, name = "", duration]) => [name, Number(duration)]));
}
