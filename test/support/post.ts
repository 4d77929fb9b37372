/** Sends JSON and reads JSON. */
import { type Answer, request } from "./send-request.ts";

export type { Answer } from "./send-request.ts";

/** @param body text as it is, anything else as JSON */
export async function post(url: string, body: unknown): Promise<Answer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return await request("POST", url, text, { "content-type": "application/json" });
}
