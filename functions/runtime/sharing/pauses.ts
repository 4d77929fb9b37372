/**
 * Pauses in long work on what a client sent, so that other requests of the isolate are answered meanwhile. A Worker's
 * clock stands still while it computes, so pauses are counted in characters, not in time.
 */
import { assertWanted, type Wanted } from "./wanted.ts";

/**
 * UTF-16 code units between two pauses: in the slowest case, long words of Chinese, about 50 ms of tokenizing and 20 ms
 * of cleaning.
 */
const CHARACTERS = 24_576;

export class Pauses {
  readonly #wanted: Wanted;
  #left = CHARACTERS;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  /**
   * True if enough was processed for a pause. For loops of many small steps, which should not await each step.
   * @param characters that were processed since the last call, or other work at the same cost
   */
  isDue(characters: number): boolean {
    this.#left -= characters;
    return this.#left <= 0;
  }

  /** @throws ClientGoneError if nobody waits for the answer */
  async pause(): Promise<void> {
    this.#left = CHARACTERS;
    await scheduler.wait(0);
    await assertWanted(this.#wanted);
  }

  /**
   * Pauses if enough characters were processed since the last pause.
   * @param characters that were processed since the last call
   * @throws ClientGoneError if nobody waits for the answer
   */
  async after(characters: number): Promise<void> {
    if (this.isDue(characters)) await this.pause();
  }
}
