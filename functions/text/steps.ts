/**
 * Cuts texts into steps; between two steps other requests get their turn. A Worker's clock stands still while it
 * computes, so the size of a step is not measured in time but in positions, whose cost is known. A text's positions are
 * its tokens, start and end included.
 */
import type { Manifest } from "../../model-shards/manifest.ts";

/**
 * Multiplications of a step: 50 ms at the 15 × 10⁹ per second of the slower engine on short texts of base_w (`npm run
 * bench -- --only text-tower`).
 */
const STEP_MULTIPLICATIONS = 750e6;
/** Limit for small models, where a text costs milliseconds whatever its length. */
const MAX_POSITIONS = 256;

/** Positions of a step, at least 1. A text with more positions is a step of its own. */
export function positionsPerStep({ layers, width }: Pick<Manifest["text"], "layers" | "width">): number {
  // A block has 4 width² weights in its attention and 8 width² in its MLP.
  const multiplications = layers * 12 * width ** 2;
  return Math.min(MAX_POSITIONS, Math.max(1, Math.floor(STEP_MULTIPLICATIONS / multiplications)));
}

/**
 * Cuts texts into steps of at most `positions` positions; a text that has more is a step of its own.
 * @param lengths positions of each text
 */
export function* stepsOf(lengths: readonly number[], positions: number): Generator<number[]> {
  let step: number[] = [];
  let left = positions;
  for (const length of lengths) {
    if (length > left && step.length > 0) {
      yield step;
      step = [];
      left = positions;
    }
    step.push(length);
    left -= length;
  }
  if (step.length > 0) yield step;
}

/** The first texts of a request, whose rows it holds together. */
export interface Window {
  texts: number;
  /** All positions of these texts. */
  positions: number;
  /** Different tokens in them. */
  rows: number;
}

/**
 * @param ids tokens of all texts
 * @param lengths positions of each text
 * @param most different tokens that the window may have; a text with more is a window of its own
 */
export function windowOf(ids: Int32Array, lengths: readonly number[], most: number): Window {
  const known = new Set<number>();
  const window: Window = { texts: 0, positions: 0, rows: 0 };
  for (const length of lengths) {
    const end = window.positions + length;
    for (let at = window.positions; at < end; at++) known.add(ids[at] ?? 0);
    if (known.size > most && window.texts > 0) break;
    window.texts++;
    window.positions = end;
    window.rows = known.size;
  }
  return window;
}
