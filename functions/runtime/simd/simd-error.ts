/** What the engine cannot or would not do: a graph it does not know, a result that is not finite, a trap. */
export class SimdError extends Error {
  override readonly name = "SimdError";
}
