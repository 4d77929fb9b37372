/**
 * What a vector store may say, by what was asked of it: a model of its files. Each file is changed by one writer, one
 * change after the other, so a search sees the last change that was answered before it began, or one that came later.
 */

/** A version of a file's picture; null: the store does not have it. */
interface Change {
  version: number | null;
  begun: number;
  /** Infinity while nobody has heard that it is done. */
  answered: number;
}

export interface Found {
  fileId: string;
  version: number;
  score: number;
}

/** Rounding of float32 sums. */
const TOLERANCE = 1e-4;

export class StoreModel {
  readonly #changes = new Map<string, Change[]>();
  readonly #scoreOf: (version: number, query: number) => number;
  #clock = 0;

  /** @param scoreOf the exact score of a version for a query */
  constructor(scoreOf: (version: number, query: number) => number) {
    this.#scoreOf = scoreOf;
  }

  now(): number {
    return this.#clock++;
  }

  /** @returns a function to be called once the change is answered */
  change(fileId: string, version: number | null): () => void {
    const change = { version, begun: this.now(), answered: Infinity };
    const changes = this.#changes.get(fileId) ?? [];
    changes.push(change);
    this.#changes.set(fileId, changes);
    return () => {
      change.answered = this.now();
    };
  }

  /** The file's picture now, if nobody changes it; null: none. */
  version(fileId: string): number | null {
    return this.#changes.get(fileId)?.at(-1)?.version ?? null;
  }

  files(): string[] {
    return [...this.#changes.keys()].filter((fileId) => this.version(fileId) !== null);
  }

  /** What the file may have been from one time to another. */
  possible(fileId: string, from: number, to: number): Set<number | null> {
    const changes = this.#changes.get(fileId) ?? [];
    const last = changes.findLastIndex(({ answered }) => answered < from);
    const later = changes.slice(last + 1).filter(({ begun }) => begun < to);
    const versions = later.map(({ version }) => version);
    return new Set([last === -1 ? null : (changes[last]?.version ?? null), ...versions]);
  }

  /**
   * What is wrong with a search's answer; nothing if it may be so.
   * @param isWhole whether all pictures were to be found; otherwise the best of them
   */
  faultsOfSearch(
    found: readonly Found[],
    query: number,
    isWhole: boolean,
    from: number,
    to: number,
  ): string[] {
    const faults: string[] = [];
    for (const [index, { fileId, version, score }] of found.entries()) {
      const exact = this.#scoreOf(version, query);
      if (Math.abs(exact - score) > TOLERANCE) faults.push(`${fileId} scores ${score}, not ${exact}`);
      if (index > 0 && score > found[index - 1]!.score + TOLERANCE)
        faults.push(`${fileId} is not in its place`);
    }
    const shown = new Map(found.map(({ fileId, version }) => [fileId, version]));
    if (shown.size !== found.length) faults.push("a file is found twice");
    // If the best died before they were described, nothing is known of the others.
    const last = isWhole ? -Infinity : (found.at(-1)?.score ?? Infinity) + TOLERANCE;
    const mayMiss = (version: number): boolean => this.#scoreOf(version, query) <= last;
    return [...faults, ...this.#faults(shown, mayMiss, from, to)];
  }

  /** What is wrong with a list of all files. */
  faultsOfList(listed: ReadonlyMap<string, number>, from: number, to: number): string[] {
    return this.#faults(listed, () => false, from, to);
  }

  #faults(
    shown: ReadonlyMap<string, number>,
    mayMiss: (version: number) => boolean,
    from: number,
    to: number,
  ): string[] {
    const wrong = [...shown].filter(([fileId, version]) => !this.possible(fileId, from, to).has(version));
    const missing = [...this.#changes.keys()].filter((fileId) => {
      const possible = this.possible(fileId, from, to);
      const [version] = possible;
      return !shown.has(fileId) && possible.size === 1 && version != null && !mayMiss(version);
    });
    return [
      ...wrong.map(
        ([fileId, version]) =>
          `${fileId} is shown as ${version}, may be ${[...this.possible(fileId, from, to)].join(" or ")}`,
      ),
      ...missing.map((fileId) => `${fileId} is missing`),
    ];
  }
}
