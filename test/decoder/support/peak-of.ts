/** The largest memory of the decoder's isolate while something ran. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DecoderUnderTest } from "./start-decoder.ts";

/** Milliseconds between samples. A sample is answered between two strips of an upload or two rows of a PNG. */
const INTERVAL = 20;

/** Runs something twice, because memory that grew in the first run stays; gives the largest sample. */
export async function peakOf(decoder: DecoderUnderTest, run: () => Promise<unknown>): Promise<number> {
  let most = 0;
  const done = new AbortController();
  const sampling = (async () => {
    while (!done.signal.aborted) {
      most = Math.max(most, await decoder.memory());
      await sleep(INTERVAL);
    }
  })();
  await run();
  await run();
  done.abort();
  await sampling;
  return Math.max(most, await decoder.memory());
}
