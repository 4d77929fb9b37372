/** A failure of the engine: an unknown graph, a result that is not finite, a trap. */
export class SimdError extends Error {
  override readonly name = "SimdError";
}
