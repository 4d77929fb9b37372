/** A model that cannot be built. The message names the tensor, field or file. */
export class BuildError extends Error {
  override readonly name: string = "BuildError";
}
