/**
 * Pauses in long work on texts, so that other requests of the isolate are answered meanwhile. Clocks stand still while a
 * Worker computes, so a pause is due after so many characters rather than so much time.
 */
import { assertWanted, type Wanted } from "./wanted.ts";

/** UTF-16 code units: some 50 ms of tokenizing at its slowest, long words of Chinese. */
const CHARACTERS = 24_576;

export class Pauses {
  readonly #wanted: Wanted;
  #left = CHARACTERS;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  /**
   * Pauses when enough has been worked on.
   * @param characters that were worked on since the last call
   * @throws ClientGoneError
   */
  async after(characters: number): Promise<void> {
    this.#left -= characters;
    if (this.#left > 0) return;
    this.#left = CHARACTERS;
    await scheduler.wait(0);
    await assertWanted(this.#wanted);
  }
}
