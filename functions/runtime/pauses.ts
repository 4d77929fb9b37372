/**
 * Pauses in long work on what a client sent, so that other requests of the isolate are answered meanwhile. Clocks stand
 * still while a Worker computes, so a pause is due after so many characters rather than so much time.
 */
import { assertWanted, type Wanted } from "./wanted.ts";

/** UTF-16 code units: some 50 ms of tokenizing at its slowest, long words of Chinese, and 20 ms of cleaning. */
const CHARACTERS = 24_576;

export class Pauses {
  readonly #wanted: Wanted;
  #left = CHARACTERS;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  /**
   * Whether enough has been worked on for a pause; for loops of so many small steps that each must not be awaited.
   * @param characters that were worked on since the last call, or what costs as much
   */
  isDue(characters: number): boolean {
    this.#left -= characters;
    return this.#left <= 0;
  }

  /** @throws ClientGoneError */
  async pause(): Promise<void> {
    this.#left = CHARACTERS;
    await scheduler.wait(0);
    await assertWanted(this.#wanted);
  }

  /**
   * Pauses when enough has been worked on.
   * @param characters that were worked on since the last call
   * @throws ClientGoneError
   */
  async after(characters: number): Promise<void> {
    if (this.isDue(characters)) await this.pause();
  }
}
