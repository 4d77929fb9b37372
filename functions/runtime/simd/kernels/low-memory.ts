/** The first 1,024 bytes of the memory, which are never given out: see `FIRST_ADDRESS` in `program.ts`. */

/** Where a tile leaves its sums, int32, up to 6 rows × 8. */
export const SUMS: usize = 64;

/** Vectors that kernels use again and again, see `math.ts`; 32 of them. */
export const CONSTANTS: usize = 256;
