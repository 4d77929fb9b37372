/** What a failed call to the gateway says of the lines that it was to answer. */
import { ServiceError } from "../runtime/errors.ts";

/** True if the gateway broke down or was silent: some line may be the reason. */
export function isFailure(error: unknown): boolean {
  if (!(error instanceof ServiceError)) return false;
  const { code } = error.cause instanceof ServiceError ? error.cause : error;
  return code === "model_unavailable";
}
