/** Processes a message about something whose Durable Object lends its work, one piece at a time. */
import { retrySeconds, type Taker } from "../runtime/background-work.ts";

interface Steps<Work> {
  take: (taker: Taker) => Promise<Work>;
  /** Does the work, and sends the messages that follow. */
  work: (work: Work) => Promise<void>;
  /** Logs why a step failed. */
  failed: (error: unknown) => void;
}

/** Acknowledges the message, or requests its redelivery. Never throws. */
export async function takeWork<Work extends { kind: string }>(
  message: Message,
  { take, work, failed }: Steps<Work>,
): Promise<void> {
  try {
    const taken = await take({ message: message.id, attempt: message.attempts });
    // A message that comes for the first time is one too many: each consumer at work has a message of its own.
    if (isBusy(taken) && message.attempts > 1) {
      message.retry({ delaySeconds: Math.ceil(taken.milliseconds / 1000) });
      return;
    }
    await work(taken);
    message.ack();
  } catch (error) {
    failed(error);
    message.retry({ delaySeconds: retrySeconds(message.attempts - 1) });
  }
}

/** Others are at work, and count as dead after so many milliseconds. */
function isBusy(work: { kind: string }): work is { kind: "busy"; milliseconds: number } {
  return work.kind === "busy";
}
