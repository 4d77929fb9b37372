/** Requests of the load's traffic, and what is said about a wrong answer. */
import type { RawAnswer, RawClient } from "../attack/raw-request.ts";
import type { Dice } from "../attack/grammar/dice.ts";

/** A kind of request: its share of the traffic, and how to send one. */
export interface Kind {
  name: string;
  share: number;
  /** @returns undefined if the answer is right, else a description of the answer */
  send(dice: Dice): Promise<string | undefined>;
}

/** A picture that clients send. */
export interface Example {
  name: string;
  /** As base64. */
  image: string;
}

const JSON_TYPE = { "content-type": "application/json" };

// Answers have every shape.
// oxlint-disable-next-line typescript/no-explicit-any
export type Fields = any;

/** @throws WrongAnswer unless the answer has one of the statuses, by default 200 */
export type Ask = (
  method: string,
  path: string,
  body?: object | FormData,
  options?: { statuses?: readonly number[]; accept?: string },
) => Promise<Fields>;

/** An answer that is not the right one: ends the work of a kind, which returns its words. */
export class WrongAnswer extends Error {}

export function askOver(client: RawClient): Ask {
  return async (method, path, body, { statuses = [200], accept } = {}) => {
    const accepted = accept === undefined ? {} : { accept };
    const answer = await client.send({ method, path, ...(await sent(body, accepted)) });
    if (!statuses.includes(answer.status)) throw new WrongAnswer(outcomeOf(answer));
    // Clients of the Model Context Protocol are answered by a stream with one event.
    const [, json = answer.text] = /^data: (.*)$/m.exec(answer.text) ?? [];
    return JSON.parse(json) as Fields;
  };
}

async function sent(
  body: object | FormData | undefined,
  headers: Record<string, string>,
): Promise<{ headers: Record<string, string>; body?: Buffer }> {
  if (body === undefined) return { headers };
  if (!(body instanceof FormData))
    return { headers: { ...headers, ...JSON_TYPE }, body: Buffer.from(JSON.stringify(body)) };
  const form = new Response(body);
  const type = form.headers.get("content-type") ?? "";
  return { headers: { ...headers, "content-type": type }, body: Buffer.from(await form.arrayBuffer()) };
}

/**
 * A kind of several requests, which ends with the first answer that is wrong.
 * @param work returns a description of what is wrong although the statuses are right
 */
export function kindOf(
  name: string,
  share: number,
  work: (dice: Dice) => Promise<string | undefined | void>,
): Kind {
  return {
    name,
    share,
    send: async (dice) => {
      try {
        return (await work(dice)) ?? undefined;
      } catch (error) {
        if (error instanceof WrongAnswer) return error.message;
        throw error;
      }
    },
  };
}

/** Says that two values differ. */
export function differs(what: string, found: unknown, right: unknown): string | undefined {
  return found === right ? undefined : `${what}: ${String(found)}, not ${String(right)}`;
}

export function outcomeOf({ status, text }: RawAnswer): string {
  return `${status} ${/"code":"(\w+)"/.exec(text)?.[1] ?? text.slice(0, 100)}`;
}
