/** Requests of the bench, which must all succeed. */
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "../../support/send-request.ts";

// Answers of every shape.
// oxlint-disable-next-line typescript/no-explicit-any
export async function post(url: string, body: object): Promise<any> {
  const answer = await request("POST", url, body);
  if (answer.status >= 300) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Waits until a set is ready. @param url of the gateway */
// oxlint-disable-next-line typescript/no-explicit-any
export async function finishedSet(url: string, id: string): Promise<any> {
  for (;;) {
    const { body } = await request("GET", `${url}/v1/label_sets/${id}`);
    if (body.status === "ready") return body;
    await sleep(200);
  }
}
