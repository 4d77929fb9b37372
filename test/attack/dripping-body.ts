/** A client that announces a body, sends a part of it, and then a byte from time to time, or nothing more. */
import { type ClientRequest, request as httpRequest } from "node:http";
import type { RawAnswer } from "./raw-request.ts";

/** Milliseconds between two bytes: shorter than the silence that the service accepts. */
const INTERVAL = 5_000;

export interface DrippingBody {
  /** The answer; undefined if the connection was closed without one. */
  answer: Promise<RawAnswer | undefined>;
  leave(): void;
}

/**
 * @param announced length of the body, bytes
 * @param begin sent at once
 * @param interval milliseconds between two bytes
 */
export function dripBody(
  url: string,
  contentType: string,
  announced: number,
  begin: Uint8Array,
  interval = INTERVAL,
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
  const timer = setInterval(() => sent.write(" "), interval);
  void answer.finally(() => clearInterval(timer));
  return { answer, leave: () => sent.destroy() };
}
