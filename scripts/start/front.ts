/**
 * What listens where clients ask, in front of the deployment that serves. It can be turned to another one between two
 * requests, as Cloudflare does with a Worker's versions: those under way finish where they began.
 */
import { lookup } from "node:dns/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { EventEmitter, once } from "node:events";
import { createProxyServer } from "httpxy";

export class Front {
  readonly #proxy = createProxyServer({ xfwd: false });
  readonly #events = new EventEmitter();
  /** Requests under way, by the URL of the deployment that has them. */
  readonly #underWay = new Map<string, number>();
  /** None until `turnTo`. */
  #target: string | undefined;

  private constructor() {}

  /**
   * Takes the port before anything else is started; requests are answered 503 until `turnTo`.
   * @param host a name or address of this machine; all of a name's addresses are listened on
   * @throws Error saying that the port is taken, or what else is in the way
   */
  static async listen(port: number, host: string): Promise<Front> {
    const front = new Front();
    const addresses = new Set((await lookup(host, { all: true })).map(({ address }) => address));
    const refusals: NodeJS.ErrnoException[] = [];
    for (const address of addresses) {
      await front.#listenOn(port, address).catch((error: unknown) => {
        refusals.push(error as NodeJS.ErrnoException);
      });
    }
    // A name may have an address that this machine does not use, such as ::1 without IPv6.
    const isServed = refusals.length < addresses.size;
    const refusal = isServed ? refusals.find(({ code }) => code !== "EADDRNOTAVAIL") : refusals[0];
    if (refusal === undefined) return front;
    throw new Error(
      refusal.code === "EADDRINUSE"
        ? `port ${port} is taken: something listens on it already, perhaps another "npm start". Name another with --port`
        : `cannot listen on ${host}, port ${port}: ${refusal.message}`,
      { cause: refusal },
    );
  }

  /** New requests go to another deployment. @returns once those of the one before are answered */
  async turnTo(target: string): Promise<void> {
    const before = this.#target;
    this.#target = target;
    if (before === undefined) return;
    while ((this.#underWay.get(before) ?? 0) > 0) await once(this.#events, "answered");
  }

  async #listenOn(port: number, address: string): Promise<void> {
    const server: Server = createServer((request, response) => void this.#pass(request, response));
    server.listen(port, address);
    await once(server, "listening");
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = this.#target;
    if (target === undefined) {
      answerStarting(response);
      return;
    }
    this.#underWay.set(target, (this.#underWay.get(target) ?? 0) + 1);
    response.once("close", () => {
      this.#underWay.set(target, (this.#underWay.get(target) ?? 0) - 1);
      this.#events.emit("answered");
    });
    try {
      await this.#proxy.web(request, response, { target });
    } catch {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    }
  }
}

function answerStarting(response: ServerResponse): void {
  const error = {
    message: "the service is starting; try again",
    type: "server_error",
    param: null,
    code: "overloaded",
  };
  response.writeHead(503, { "content-type": "application/json", "retry-after": "1" });
  response.end(JSON.stringify({ error }));
}
