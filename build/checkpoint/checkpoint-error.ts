import { BuildError } from "../build-error.ts";

/** A checkpoint file that is damaged, has an unknown format, or contains something that checkpoints do not contain. */
export class CheckpointError extends BuildError {
  override readonly name = "CheckpointError";

  constructor(file: string, reason: string, options?: ErrorOptions) {
    super(`${file}: ${reason}`, options);
  }
}
