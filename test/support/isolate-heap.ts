/**
 * Gives V8 the heap of an isolate on the platform. Without it V8 sizes the heap by the machine: with 24 GB it lets more
 * than 50 MB of garbage lie that an isolate of 128 MB collects, and a test would measure that.
 */

/** Megabytes of 2^20 bytes, as V8's option takes them: the limit of an isolate. */
const HEAP_MB = 128;

/** Call it before a Miniflare starts: it starts workerd with these options of V8. */
export function limitHeaps(): void {
  process.env["MINIFLARE_WORKERD_V8_FLAGS"] ??= `--max-heap-size=${HEAP_MB}`;
}
