/**
 * How many texts are computed between two looks at who else waits. Clocks stand still while a Worker computes, so a step
 * is cut by what it is known to cost, in positions: the tokens of its texts, start and end included.
 */
import type { Manifest } from "../../model-shards/manifest.ts";

/**
 * Multiplications of a step: 50 ms at the 15 thousand million a second that the slower engine does on short texts of
 * base_w (`npm run bench -- --only text-tower`).
 */
const STEP_MULTIPLICATIONS = 750e6;
/** Of a small model, of which a text costs milliseconds whatever its length. */
const MAX_POSITIONS = 256;

/** Positions of a step: at least 1, so that a longer text is a step of its own. */
export function positionsPerStep({ layers, width }: Pick<Manifest["text"], "layers" | "width">): number {
  // A block has 4 width² weights in its attention and 8 width² in its MLP.
  const multiplications = layers * 12 * width ** 2;
  return Math.min(MAX_POSITIONS, Math.max(1, Math.floor(STEP_MULTIPLICATIONS / multiplications)));
}

/** Cuts texts, given by their positions, into steps of at most `positions`, or of one text that has more. */
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
