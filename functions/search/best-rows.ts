/** The best rows of a search, the best first; of equal ones the older, whose number is lower. */
export interface RankedRow {
  number: number;
  score: number;
}

/** Lowest finite float32. */
const LOWEST = -3.4028234663852886e38;

export class BestRows {
  readonly #room: number;
  readonly #least: number;
  readonly #rows: RankedRow[] = [];

  /** @param room most rows @param minScore no row with a lower score; null: all */
  constructor(room: number, minScore: number | null) {
    this.#room = room;
    // Scores are float32: one that is equal to the bound must not be below it by rounding.
    // By rounding, an opposite row may have a little less than -1.
    this.#least = minScore === null || minScore <= -1 ? LOWEST : Math.fround(minScore);
  }

  get rows(): readonly RankedRow[] {
    return this.#rows;
  }

  /** A row with a lower score is not among the best. */
  get threshold(): number {
    const last = this.#rows.length < this.#room ? undefined : this.#rows.at(-1);
    return last?.score ?? this.#least;
  }

  offer(number: number, score: number): void {
    if (!(score >= this.threshold)) return;
    const row = { number, score };
    // From the end, because most rows that get in get in there.
    const before = this.#rows.findLastIndex((other) => !isBefore(row, other));
    this.#rows.splice(before + 1, 0, row);
    if (this.#rows.length > this.#room) this.#rows.pop();
  }
}

function isBefore(row: RankedRow, other: RankedRow): boolean {
  return row.score === other.score ? row.number < other.number : row.score > other.score;
}
