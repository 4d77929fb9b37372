/** The first 1,024 bytes of the memory, which the engine never allocates: see `FIRST_ADDRESS` in `program.ts`. */

/** A tile's sums: int32, up to 6 rows × 8 columns. */
export const SUMS: usize = 64;

/** Room for 32 constant vectors, see `math.ts`. */
export const CONSTANTS: usize = 256;
