/** A model that cannot be built, said in a sentence that names the tensor, field or file. */
export class BuildError extends Error {
  override readonly name: string = "BuildError";
}
