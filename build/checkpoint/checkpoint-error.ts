import { BuildError } from "../build-error.ts";

/** A checkpoint file that is damaged, of an unknown format, or holds what a checkpoint has no business to hold. */
export class CheckpointError extends BuildError {
  override readonly name = "CheckpointError";

  constructor(file: string, reason: string, options?: ErrorOptions) {
    super(`${file}: ${reason}`, options);
  }
}
