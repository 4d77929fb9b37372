/** Sends requests that `fetch` would refuse to send, over keep-alive connections. */
import { Agent, request as httpRequest } from "node:http";
import type { HostileRequest } from "./grammar/hostile-request.ts";

export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** Milliseconds: longer than the service waits for a client. */
const TIMEOUT = 60_000;

export class RawClient {
  readonly #url: URL;
  readonly #agent: Agent;

  /** @param connections number of connections open at once */
  constructor(url: string, connections: number) {
    this.#url = new URL(url);
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** @throws Error if the connection breaks, or no answer comes within a minute */
  async send({ method, path, headers, body }: HostileRequest): Promise<RawAnswer> {
    const { hostname, port } = this.#url;
    const length =
      body === undefined || "transfer-encoding" in headers ? {} : { "content-length": body.length };
    return await new Promise((resolve, reject) => {
      const sent = httpRequest(
        {
          host: hostname,
          port,
          method,
          path,
          headers: { ...length, ...headers },
          agent: this.#agent,
          timeout: TIMEOUT,
        },
        (response) => {
          const pieces: Buffer[] = [];
          response.on("data", (piece: Buffer) => pieces.push(piece));
          response.on("error", reject);
          response.on("end", () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: Buffer.concat(pieces).toString(),
            }),
          );
        },
      );
      sent.on("timeout", () => sent.destroy(new Error(`no answer within ${TIMEOUT / 1000} s`)));
      sent.on("error", reject);
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
