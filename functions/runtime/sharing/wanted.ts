/**
 * Asks whether the client still waits for the answer. When a client leaves, its request in the gateway ends, but the
 * work of other Workers for it goes on. So the gateway passes a function with each call, and the other Workers call it
 * before each costly step.
 */
import { ServiceError } from "../errors.ts";

/** False once the client has left. The call may also fail then, because the request has ended. */
export type Wanted = () => boolean | Promise<boolean>;

/**
 * Thrown when work is given up because its client has left. It concerns that request only, not others that share a load
 * with it.
 */
export class ClientGoneError extends ServiceError {
  constructor() {
    super("overloaded", "the client has left");
  }
}

/** @throws ClientGoneError */
export async function assertWanted(wanted: Wanted): Promise<void> {
  let answer = false;
  try {
    answer = await wanted();
  } catch {
    // The gateway's request has ended with its client, so nobody answers.
  }
  if (!answer) throw new ClientGoneError();
}

/** Whether the answer to any of them is wanted. Each is asked, because the question is its sign of life, too. */
export function anyWanted(asked: readonly { wanted: Wanted }[]): Wanted {
  return async () => {
    const answers = await Promise.all(asked.map(async ({ wanted }) => await wanted()));
    return answers.includes(true);
  };
}
