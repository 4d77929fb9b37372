/**
 * Gives V8 the heap of an isolate on the platform. Without it V8 sizes the heap by the machine: with 24 GB it lets more
 * than 50 MB of garbage lie that an isolate of 128 MB collects, and a test would measure that.
 */

/** Megabytes of 2^20 bytes, as V8's option takes them: the limit of an isolate. */
const HEAP_MB = 128;
/** For local R2, which takes a whole file through the heap of a Worker of its own. */
const HEAP_OF_LARGE_FILES_MB = 1024;
export const FLAGS = "MINIFLARE_WORKERD_V8_FLAGS";

/** Options that whoever started this process gives to V8, such as those of a bench. */
export const given = process.env[FLAGS];

/** Call it before a Miniflare starts: it starts workerd with these options of V8. @param more further options */
export function limitHeaps(...more: string[]): void {
  startWith(HEAP_MB, ...more);
}

/** Lets a Miniflare that starts next take files of more than 64 MB into its R2. */
export function allowLargeFiles(): void {
  startWith(HEAP_OF_LARGE_FILES_MB);
}

function startWith(heapMb: number, ...more: string[]): void {
  process.env[FLAGS] = [given, `--max-heap-size=${heapMb}`, ...more].filter(Boolean).join(" ");
}
