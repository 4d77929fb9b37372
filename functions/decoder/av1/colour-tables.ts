/**
 * Converts luma and chroma to red, green and blue (ISO/IEC 23091-2, 8.3) by table lookup: each table holds what a
 * sample adds to a colour. Tables are small because a sample has at most 12 bits.
 */

/** Each table is indexed by the sample. Values are in levels of 0 to 255, not yet rounded. */
export interface ColourTables {
  luma: Float32Array;
  redOfV: Float32Array;
  greenOfU: Float32Array;
  greenOfV: Float32Array;
  blueOfU: Float32Array;
  redOfU: Float32Array;
  blueOfV: Float32Array;
}

/** Code points of matrices. */
const IDENTITY = 0;
const YCGCO = 8;
const CHROMATICITY_DERIVED = 12;
/**
 * Weights of red and blue in luma, by matrix. Every other matrix, "unspecified" included, uses BT.601's weights, as in
 * libavif.
 */
const WEIGHTS = new Map([
  [1, [0.2126, 0.0722]],
  [4, [0.3, 0.11]],
  [7, [0.212, 0.087]],
  [9, [0.2627, 0.0593]],
]);
const BT601 = [0.299, 0.114];
/** Primaries whose own matrix has the same number. */
const DERIVED = new Set([1, 4, 7, 9]);

/** True if the planes hold green, blue and red directly. */
export function isRgb(matrix: number): boolean {
  return matrix === IDENTITY;
}

/**
 * @param bits bits of a sample
 * @param primaries code point; used only if the matrix is derived from the primaries
 */
export function colourTables(
  bits: number,
  fullRange: boolean,
  matrix: number,
  primaries?: number,
): ColourTables {
  const scale = 2 ** (bits - 8);
  // Full range has one step less than a power of 2. For each 8 bits, limited range has 219 steps of luma and 224 of
  // chroma.
  const highest = 2 ** bits - 1;
  const [black, lumaSteps, chromaSteps] = fullRange
    ? [0, highest, highest]
    : [16 * scale, 219 * scale, 224 * scale];
  const gray = 128 * scale;
  const table = (value: (sample: number) => number): Float32Array =>
    Float32Array.from({ length: highest + 1 }, (_, sample) => 255 * value(sample));
  const chroma = (factor: number): Float32Array =>
    table((sample) => (factor * (sample - gray)) / chromaSteps);
  const luma = table((sample) => (sample - black) / lumaSteps);
  if (matrix === YCGCO) {
    const [minus, plus] = [chroma(-1), chroma(1)];
    return {
      luma,
      redOfU: minus,
      redOfV: plus,
      greenOfU: plus,
      greenOfV: chroma(0),
      blueOfU: minus,
      blueOfV: minus,
    };
  }
  const number = matrix === CHROMATICITY_DERIVED && DERIVED.has(primaries ?? 0) ? primaries : matrix;
  const [red = 0, blue = 0] = WEIGHTS.get(number ?? 0) ?? BT601;
  const green = 1 - red - blue;
  return {
    luma,
    redOfU: chroma(0),
    redOfV: chroma(2 * (1 - red)),
    greenOfU: chroma((-2 * blue * (1 - blue)) / green),
    greenOfV: chroma((-2 * red * (1 - red)) / green),
    blueOfU: chroma(2 * (1 - blue)),
    blueOfV: chroma(0),
  };
}
