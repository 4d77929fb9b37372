/** A vector that came with the request: the client has stored it somewhere. */
import { ServiceError } from "../../runtime/errors.ts";

/**
 * @param width width of the model's embeddings
 * @param param the vector's path in the request
 * @returns float32, unit length
 * @throws ServiceError `unsupported_dimensions`; `invalid_type` for a vector of zeros
 */
export function keptVector(
  values: readonly number[] | Float32Array,
  width: number,
  param: string,
): Float32Array {
  const path = `${param}.embedding`;
  if (values.length !== width) {
    const message = `${path} has ${values.length} values, the model's embeddings have ${width}`;
    throw new ServiceError("unsupported_dimensions", message, { param: path });
  }
  // Divide by the largest value first, because squares of large values overflow to infinity and those of small ones
  // underflow to zero.
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  if (largest === 0)
    throw new ServiceError("invalid_type", `${path} contains only zeros, so it has no direction`, {
      param: path,
    });
  let squares = 0;
  for (const value of values) squares += (value / largest) ** 2;
  const norm = Math.sqrt(squares);
  return Float32Array.from(values, (value) => value / largest / norm);
}
