/** An answer of the service that is no success. */
import * as z from "zod";

/** The body of an answer that is no success. */
export const errorSchema = z.object({ error: z.object({ message: z.string() }) });

export class RefusedRequest extends Error {
  override readonly name = "RefusedRequest";
  readonly status: number;

  constructor(endpoint: string, status: number, answer: string) {
    super(`${endpoint} answers ${status}: ${wordsOf(answer)}`);
    this.status = status;
  }
}

/** The answer's own words, or all of it if it has other ones. */
function wordsOf(answer: string): string {
  try {
    return errorSchema.parse(JSON.parse(answer)).error.message;
  } catch {
    return answer;
  }
}

/** Exit code if some pictures were refused or left out. What the command was called for is done for the others. */
export const SOME_REFUSED = 3;
