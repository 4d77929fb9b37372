/** Sends hostile requests to the real Workers, several at a time, and checks every answer. */
import type { Workers } from "../support/workers.ts";
import { faultOf } from "./fault-of-answer.ts";
import { Dice } from "./grammar/dice.ts";
import { type HostileRequest, hostileRequest } from "./grammar/hostile-request.ts";
import { knownThings } from "./known-things.ts";
import { RawClient } from "./raw-request.ts";

export interface FuzzReport {
  /** Number of requests by `status` or `status code`. */
  outcomes: Map<string, number>;
  /** The faults, each with the request that caused it. */
  faults: string[];
}

const AT_ONCE = 8;

/** @param seed gives the same requests each time, though not in the same order */
export async function runFuzz(workers: Workers, count: number, seed: number): Promise<FuzzReport> {
  const known = await knownThings(workers.url);
  const client = new RawClient(workers.url, AT_ONCE);
  const outcomes = new Map<string, number>();
  const faults: string[] = [];
  let next = 0;
  const sendAll = async (): Promise<void> => {
    while (next < count) {
      const hostile = hostileRequest(new Dice(seed + 7919 * next++), known);
      const { outcome, fault } = await sendOne(client, hostile);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (fault !== undefined) faults.push(`${fault}: ${describe(hostile)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sendAll));
  client.close();
  return { outcomes, faults };
}

async function sendOne(
  client: RawClient,
  hostile: HostileRequest,
): Promise<{ outcome: string; fault: string | undefined }> {
  try {
    const answer = await client.send(hostile);
    const code = /"code":"(\w+)"/.exec(answer.status < 400 ? "" : answer.text)?.[1] ?? "";
    const fault = faultOf(hostile, answer);
    return {
      outcome: `${answer.status} ${code}`.trim(),
      fault: fault && `${fault} (${answer.status} ${answer.text.slice(0, 300)})`,
    };
  } catch (error) {
    return { outcome: "no answer", fault: String(error) };
  }
}

function describe({ method, path, headers, body }: HostileRequest): string {
  return `${method} ${path.slice(0, 200)} ${JSON.stringify(headers).slice(0, 300)} ${body?.toString("latin1").slice(0, 1000) ?? ""}`;
}
