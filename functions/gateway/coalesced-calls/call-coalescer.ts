/**
 * Brings the calls of many lines together, so that a part of a batch calls decoder, image tower and text tower once. A
 * line asks as if it were alone, and its call waits here. When all lines wait, what they asked is asked at once.
 *
 * Lines may also wait for each other in ways that cannot be seen here, such as one that polls for the label set which
 * another is loading. So calls go as well when nothing has happened for a while. And pictures may come slowly: those
 * that are there go after some seconds, the others follow in a call of their own.
 */

/** Lines that are being read, or whose pictures are being fetched, at once. */
const MAX_STARTED = 8;
/** Milliseconds without any event after which calls go. */
const QUIET_MS = 1_000;
/** Milliseconds without any event after which calls go while lines wait to be started. */
const QUIET_BEFORE_ALL_MS = 2_000;
/** Milliseconds after which whatever waits goes without what still comes. */
const PATIENCE_MS = 15_000;

/** Milliseconds between two signs of life of calls that wait; their callers take a longer silence for a fault. */
const BEAT_MS = 3_000;

/** Milliseconds in which a line that has just got an answer comes to its next step. */
const STEP_MS = 5;

/** Where calls of a kind wait. */
export interface Waiting {
  /** True while something is on its way to it. */
  readonly isReceiving?: boolean;
  /** Whether any call waits. */
  readonly isWaiting: boolean;
  /** Asks what waits. */
  flush(): void;
  /** Gives a sign of life to the callers of what waits, if they need one. */
  showLife?(): Promise<void>;
}

interface LineState {
  /**
   * `open`: on their way to the decoder; `sent`: all are; `decoded`: on their way to the image tower, where they are
   * `asked`.
   */
  pictures: "none" | "open" | "sent" | "decoded" | "asked";
  /** Calls of the line that wait. */
  calls: number;
}

export class CallCoalescer {
  readonly #lines = new Map<string, LineState>();
  readonly #waiting: Record<"text" | "decoder" | "image", Waiting[]> = { text: [], decoder: [], image: [] };
  /** Resumes the caller that waits until another line may be started. */
  #starter: (() => void) | undefined;
  #isAllStarted = false;
  #quiet: ReturnType<typeof setTimeout> | null = null;
  #patience: ReturnType<typeof setTimeout> | null = null;
  #beat: ReturnType<typeof setInterval> | null = null;

  add(kind: "text" | "decoder" | "image", waiting: Waiting): void {
    this.#waiting[kind].push(waiting);
  }

  /** Waits until another line may be started, and starts it. */
  async start(line: string): Promise<void> {
    while (this.#busy() >= MAX_STARTED) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#starter = resolve;
      await promise;
    }
    this.#lines.set(line, { pictures: "none", calls: 0 });
    this.#changed();
  }

  allStarted(): void {
    this.#isAllStarted = true;
    this.#changed();
  }

  finish(line: string): void {
    this.#lines.delete(line);
    this.#changed();
  }

  beginPictures(line: string): void {
    this.#change(line, (state) => (state.pictures = "open"));
  }

  endPictures(line: string): void {
    this.#change(line, (state) => (state.pictures = "sent"));
  }

  decoded(line: string): void {
    this.#change(line, (state) => (state.pictures = "decoded"));
  }

  asked(line: string): void {
    this.#change(line, (state) => (state.pictures = "asked"));
  }

  /** Something has come that was on its way. */
  received(): void {
    this.#changed();
  }

  /** Awaits a call of a line that waits here. */
  async wait<T>(line: string, call: Promise<T>): Promise<T> {
    this.#change(line, (state) => state.calls++);
    try {
      return await call;
    } finally {
      this.#change(line, (state) => state.calls--);
    }
  }

  #change(line: string, change: (state: LineState) => void): void {
    const state = this.#lines.get(line);
    if (state !== undefined) change(state);
    this.#changed();
  }

  #changed(): void {
    if (this.#busy() < MAX_STARTED) {
      this.#starter?.();
      this.#starter = undefined;
    }
    if (this.#quiet !== null) clearTimeout(this.#quiet);
    if (!this.#hasWaiting()) {
      this.#rest();
      return;
    }
    this.#beat ??= setInterval(() => this.#showLife(), BEAT_MS);
    this.#patience ??= setTimeout(() => this.#flushAll(), PATIENCE_MS);
    if (this.#isAllStarted && this.#busy() === 0 && !this.#isReceiving()) {
      this.#quiet = setTimeout(() => this.#flush(true), STEP_MS);
      return;
    }
    this.#quiet = setTimeout(
      () => this.#flush(!this.#isAnyOpen()),
      this.#isAllStarted ? QUIET_MS : QUIET_BEFORE_ALL_MS,
    );
  }

  #flush(withPictures: boolean): void {
    flushAll(this.#waiting.text);
    if (!withPictures) return;
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#patience = null;
    // The image tower waits for pixels from the decoder.
    flushAll(this.#isWaiting("decoder") ? this.#waiting.decoder : this.#waiting.image);
  }

  #flushAll(): void {
    this.#patience = null;
    for (const waiting of Object.values(this.#waiting)) flushAll(waiting);
  }

  /** Until something waits again. */
  #rest(): void {
    if (this.#patience !== null) clearTimeout(this.#patience);
    if (this.#beat !== null) clearInterval(this.#beat);
    this.#patience = null;
    this.#beat = null;
  }

  #showLife(): void {
    if (!this.#hasWaiting()) this.#rest();
    for (const waiting of Object.values(this.#waiting).flat()) {
      if (waiting.isWaiting) waiting.showLife?.().catch(() => {});
    }
  }

  /** Lines that do something by themselves. */
  #busy(): number {
    let busy = 0;
    for (const { pictures, calls } of this.#lines.values()) {
      if (pictures === "open" || pictures === "decoded" || calls === 0) busy++;
    }
    return busy;
  }

  #isAnyOpen(): boolean {
    return [...this.#lines.values()].some(({ pictures }) => pictures === "open");
  }

  #isWaiting(kind: "text" | "decoder" | "image"): boolean {
    return this.#waiting[kind].some(({ isWaiting }) => isWaiting);
  }

  #isReceiving(): boolean {
    return this.#waiting.decoder.some(({ isReceiving }) => isReceiving === true);
  }

  #hasWaiting(): boolean {
    return this.#isWaiting("text") || this.#isWaiting("decoder") || this.#isWaiting("image");
  }
}

function flushAll(waiting: readonly Waiting[]): void {
  for (const each of waiting) if (each.isWaiting) each.flush();
}
