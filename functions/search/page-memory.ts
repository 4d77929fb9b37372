/**
 * Pages of memory, and whose they are. All of a search Worker's segments together have a bounded number of pages; those
 * that were not used for the longest time make way.
 *
 * A part that is being loaded is held by the request that loads it. If the request ends without giving its pages back
 * (`runtime/sharing/sign-of-life.ts`), others take them once it was silent for too long; if it was only slow, it finds out
 * before it writes again. Parts that are loaded belong to nobody. Whoever reads one does so between two awaits, so it
 * cannot make way meanwhile.
 */
import { SignOfLife } from "../runtime/sharing/sign-of-life.ts";

/** Milliseconds without a sign of life after which a load has ended: several heartbeats. */
const EXPIRY_MS = 10_000;

/** Pages of a part that is being loaded. */
export class Hold {
  readonly pages: readonly number[];
  readonly #owner = new SignOfLife();
  #isOver = false;

  constructor(pages: readonly number[]) {
    this.pages = pages;
  }

  /** @throws Error if the pages were taken away; then they must not be written to */
  renew(): void {
    if (this.#isOver) throw new Error("the pages were taken away from a request that was silent");
    this.#owner.renew();
  }

  /** @returns false if it was over before */
  end(): boolean {
    const wasHeld = !this.#isOver;
    this.#isOver = true;
    return wasHeld;
  }

  isAlive(): boolean {
    return !this.#owner.isOlderThan(EXPIRY_MS);
  }
}

export class PageMemory {
  readonly #most: number;
  readonly #mostKept: number;
  readonly #free: number[] = [];
  /** Pages that there are: the memory grows when they are needed first. */
  #made = 0;
  /** Pages of each part, the least recently used first. */
  readonly #kept = new Map<string, readonly number[]>();
  #keptPages = 0;
  readonly #holds = new Set<Hold>();
  readonly #grow: (pages: number) => void;

  /**
   * @param most pages in all
   * @param mostKept pages of parts that are loaded; the others are for loads
   * @param grow makes so many pages there
   */
  constructor(most: number, mostKept: number, grow: (pages: number) => void) {
    this.#most = most;
    this.#mostKept = mostKept;
    this.#grow = grow;
  }

  /** The pages of a part, if it is loaded. They are the part's until the next await. */
  use(key: string): readonly number[] | undefined {
    const pages = this.#kept.get(key);
    if (pages === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, pages);
    return pages;
  }

  /**
   * Pages for a part that is to be loaded.
   * @param needed keys of the parts that must not make way for it
   * @returns undefined if there are none before another load ends
   */
  hold(count: number, needed: ReadonlySet<string>): Hold | undefined {
    for (const hold of this.#holds) if (!hold.isAlive()) this.release(hold);
    if (!this.#makeRoom(() => this.#most - this.#made + this.#free.length >= count, needed)) return undefined;
    const more = count - this.#free.length;
    if (more > 0) {
      this.#grow(this.#made + more);
      while (this.#free.length < count) this.#free.push(this.#made++);
    }
    const hold = new Hold(this.#free.splice(-count, count));
    this.#holds.add(hold);
    return hold;
  }

  /**
   * Keeps a part that was loaded and verified, if there is room, and ends its hold.
   * @param needed keys of the parts that must not make way for it
   * @returns false if it is not kept
   */
  keep(key: string, hold: Hold, needed: ReadonlySet<string>): boolean {
    const { pages } = hold;
    const fits = (): boolean => this.#keptPages + pages.length <= this.#mostKept;
    if (this.#kept.has(key) || !this.#makeRoom(fits, needed) || !hold.end()) {
      this.release(hold);
      return this.#kept.has(key);
    }
    this.#holds.delete(hold);
    this.#kept.set(key, pages);
    this.#keptPages += pages.length;
    return true;
  }

  /** Gives a hold's pages back. Once more is harmless. */
  release(hold: Hold): void {
    this.#holds.delete(hold);
    if (hold.end()) this.#free.push(...hold.pages);
  }

  /** @returns true if there is room now */
  #makeRoom(isEnough: () => boolean, needed: ReadonlySet<string>): boolean {
    for (const [key, pages] of this.#kept) {
      if (isEnough()) return true;
      if (needed.has(key)) continue;
      this.#kept.delete(key);
      this.#keptPages -= pages.length;
      this.#free.push(...pages);
    }
    return isEnough();
  }
}
