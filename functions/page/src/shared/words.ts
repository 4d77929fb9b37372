/** Failures in words that say what to do. */
import { ApiError } from "./api.ts";

export function inWords(error: unknown): string {
  if (!(error instanceof ApiError)) {
    return error instanceof TypeError
      ? "Nothing answers. Are you online, and is the service running?"
      : String(error);
  }
  const { status, message, retryAfter } = error;
  const again = retryAfter === undefined ? "" : ` Try again in ${retryAfter} seconds.`;
  if (status === 401) return `The API key does not fit: ${message}.`;
  if (status === 429) return `Too many requests.${again}`;
  if (status >= 500) return `The service cannot answer at present: ${message}.${again}`;
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}
