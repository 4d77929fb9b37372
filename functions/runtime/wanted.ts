/**
 * Whether anybody still waits for an answer. A client that leaves ends its request in the gateway, but not what other
 * Workers do for it: they ask, through a function that travels with the call, before each costly step.
 */

/** Answers false, or fails because the request is gone, when the client has left. */
export type Wanted = () => boolean | Promise<boolean>;

/** Work given up because nobody waits for it. Nothing is wrong and nobody will read it. */
export class ClientGoneError extends Error {
  override readonly name = "ClientGoneError";
}

/** @throws ClientGoneError */
export async function assertWanted(wanted: Wanted): Promise<void> {
  let answer = false;
  try {
    answer = await wanted();
  } catch {
    // The context that would have answered has ended with its client.
  }
  if (!answer) throw new ClientGoneError("the client has left");
}
