/** Random decisions from a seed: the same seed makes the same requests. */
import { random } from "../../support/random.ts";

export class Dice {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = random(seed);
  }

  /** A whole number in [0, below). */
  number(below: number): number {
    return Math.floor(this.#next() * below);
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  /** @throws Error for an empty list */
  pick<T>(values: readonly T[]): T {
    if (values.length === 0) throw new Error("nothing to pick from");
    return values[this.number(values.length)] as T;
  }
}
