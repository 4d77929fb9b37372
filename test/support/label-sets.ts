/** Waits for label sets that are computed in the background. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, request } from "./send-request.ts";

const POLL_MS = 50;

/** Asks for a set until it is ready. @returns what each answer said of it */
export async function untilReady(url: string, id: string): Promise<Answer["body"][]> {
  const seen: Answer["body"][] = [];
  for (;;) {
    const { body } = await request("GET", `${url}/v1/label_sets/${id}`);
    seen.push(body);
    if (body.status === "ready") return seen;
    await sleep(POLL_MS);
  }
}
