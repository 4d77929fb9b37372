/** Sends a message to a queue, with a deadline. */
import { DEADLINES, withDeadline } from "./deadline.ts";

interface MessageQueue<Body> {
  send(body: Body, options?: { delaySeconds?: number }): Promise<unknown>;
}

/**
 * @param delayMs milliseconds until it is delivered
 * @throws DeadlineError; whatever the queue throws
 */
export async function sendMessage<Body>(
  queue: MessageQueue<Body>,
  body: NoInfer<Body>,
  delayMs = 0,
): Promise<void> {
  const options = delayMs > 0 ? { delaySeconds: Math.ceil(delayMs / 1000) } : {};
  await withDeadline(DEADLINES.small, () => queue.send(body, options));
}
