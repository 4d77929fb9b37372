/** A vector that came with the request: the client has stored it somewhere. */
import { ServiceError } from "../../runtime/errors.ts";

/**
 * @param width width of the model's embeddings
 * @param param the path of the vector's values in the request
 * @returns float32, unit length
 * @throws ServiceError `unsupported_dimensions`; `invalid_type` for a vector of zeros
 */
export function keptVector(
  values: readonly number[] | Float32Array,
  width: number,
  param: string,
): Float32Array {
  if (values.length !== width) {
    const message = `${param} has ${values.length} values, the model's embeddings have ${width}`;
    throw new ServiceError("unsupported_dimensions", message, { param });
  }
  // Divide by the largest value first, because squares of large values overflow to infinity and those of small ones
  // underflow to zero.
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  if (largest === 0)
    throw new ServiceError("invalid_type", `${param} contains only zeros, so it has no direction`, {
      param,
    });
  let squares = 0;
  for (const value of values) squares += (value / largest) ** 2;
  const norm = Math.sqrt(squares);
  return Float32Array.from(values, (value) => value / largest / norm);
}
