/**
 * Whether anybody still waits for an answer. A client that leaves ends its request in the gateway, but not what other
 * Workers do for it: they ask, through a function that travels with the call, before each costly step.
 */
import { ServiceError } from "./errors.ts";

/** Answers false, or fails because the request is gone, when the client has left. */
export type Wanted = () => boolean | Promise<boolean>;

/** Work given up because nobody waits for it. It concerns its own request alone, whatever others share with it. */
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
    // The context that would have answered has ended with its client.
  }
  if (!answer) throw new ClientGoneError();
}
