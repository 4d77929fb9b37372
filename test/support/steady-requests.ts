/** Clients that repeat one request while something else happens, and count the outcomes. */
import { request } from "./send-request.ts";

export interface SteadyRequests {
  /** Number of each outcome: `200 <revision>`, or the status and the message. */
  counts: Map<string, number>;
  stop(): Promise<void>;
}

const CLIENTS = 3;

/** @param body of a POST */
export function steadyRequests(
  url: string,
  body: object,
  headers: Record<string, string> = {},
): SteadyRequests {
  const counts = new Map<string, number>();
  const stop = new AbortController();
  const ask = async (): Promise<string> => {
    try {
      const answer = await request("POST", url, body, headers);
      return `${answer.status} ${answer.body.revision ?? JSON.stringify(answer.body)}`;
    } catch (error) {
      return String(error);
    }
  };
  const client = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const outcome = await ask();
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, client));
  return {
    counts,
    stop: async () => {
      stop.abort();
      await clients;
    },
  };
}
