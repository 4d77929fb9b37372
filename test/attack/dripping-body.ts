/** A client that announces a body, sends a part of it at once and then a byte now and then, or nothing more. */
import { type ClientRequest, request as httpRequest } from "node:http";
import type { RawAnswer } from "./raw-request.ts";

/** Milliseconds between two bytes: less than the silence that the service bears. */
const INTERVAL = 5_000;

export interface DrippingBody {
  /** What was answered; undefined if the connection was closed without an answer. */
  answer: Promise<RawAnswer | undefined>;
  leave(): void;
}

/** @param announced bytes of the body @param begin sent at once */
export function dripBody(
  url: string,
  contentType: string,
  announced: number,
  begin: Uint8Array,
): DrippingBody {
  const headers = { "content-type": contentType, "content-length": announced };
  const sent: ClientRequest = httpRequest(url, { method: "POST", headers, agent: false });
  const { promise: answer, resolve } = Promise.withResolvers<RawAnswer | undefined>();
  sent.on("response", (response) => {
    const pieces: Buffer[] = [];
    response.on("data", (piece: Buffer) => pieces.push(piece));
    response.on("close", () => {
      clearInterval(timer);
      sent.destroy();
      const text = Buffer.concat(pieces).toString();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
    });
  });
  sent.on("error", () => resolve(undefined));
  sent.on("close", () => resolve(undefined));
  sent.flushHeaders();
  if (begin.length > 0) sent.write(begin);
  const timer = setInterval(() => sent.write(" "), INTERVAL);
  void answer.finally(() => clearInterval(timer));
  return { answer, leave: () => sent.destroy() };
}
