/**
 * Listens at the port that clients use, and passes requests to the deployment that serves. Between two requests it can
 * turn to another deployment, as Cloudflare does with versions of a Worker; running requests finish where they began.
 */
import { lookup } from "node:dns/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { EventEmitter, once } from "node:events";
import { createProxyServer } from "httpxy";
import { LOOPBACK } from "./loopback.ts";

export class Front {
  readonly #proxy = createProxyServer({ xfwd: false });
  readonly #events = new EventEmitter();
  /** Number of running requests, by the URL of their deployment. */
  readonly #underWay = new Map<string, number>();
  /** URL of the serving deployment; undefined until `turnTo`. */
  #target: string | undefined;

  readonly #isLocal: boolean;

  private constructor(isLocal: boolean) {
    this.#isLocal = isLocal;
  }

  /**
   * Takes the port before anything else is started. Requests are answered 503 until `turnTo`.
   * @param host a name or address of this machine; of a name, all addresses are used
   * @throws Error if the port is taken or cannot be used
   */
  static async listen(port: number, host: string): Promise<Front> {
    const front = new Front(LOOPBACK.test(host));
    const addresses = await addressesOf(host);
    const refusals: NodeJS.ErrnoException[] = [];
    for (const address of addresses) {
      await front.#listenOn(port, address).catch((error: unknown) => {
        refusals.push(error as NodeJS.ErrnoException);
      });
    }
    // A name may have addresses that this machine does not use, such as ::1 without IPv6.
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

  /** Sends new requests to another deployment. Resolves when all requests of the former one are answered. */
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
    if (this.#isLocal && !isLocalHost(request.headers.host)) {
      answerStranger(response);
      return;
    }
    if (!this.#isLocal && isWranglers(request.url)) {
      answerHidden(response);
      return;
    }
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

/** @throws Error that says what `--host` takes */
async function addressesOf(host: string): Promise<Set<string>> {
  try {
    return new Set((await lookup(host, { all: true })).map(({ address }) => address));
  } catch (cause) {
    const message = `--host ${host} is no name or address that this machine knows: leave it out to be reached from this machine, or take 0.0.0.0 to be reached from others`;
    throw new Error(message, { cause });
  }
}

/**
 * True if the request was meant for this machine. A page whose name was pointed at this machine after it was loaded
 * (DNS rebinding) counts as the service's own page in a browser; but its requests still have its name.
 */
function isLocalHost(host: string | undefined): boolean {
  const name = (host ?? "").replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  return LOOPBACK.test(name.toLowerCase());
}

/**
 * True for the addresses at which wrangler shows and changes what is stored on this machine, API keys among them. It
 * answers whoever says that the request is for localhost.
 */
function isWranglers(url = ""): boolean {
  const [path = ""] = url.split("?", 1);
  return /(?:^|[/\\])cdn-cgi(?:[/\\]|$)/i.test(decoded(path));
}

/** @returns the path itself if it is encoded wrongly */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function answerHidden(response: ServerResponse): void {
  const message = "wrangler's own addresses answer only if the service is started without --host";
  answerError(response, 404, { message, type: "invalid_request_error", param: null, code: "not_found" });
}

function answerStranger(response: ServerResponse): void {
  const message =
    "the service answers at localhost only: start it with --host and the name or address by which it is reached";
  answerError(response, 403, { message, type: "permission_error", param: null, code: "origin_not_allowed" });
}

function answerStarting(response: ServerResponse): void {
  response.setHeader("retry-after", "1");
  const message = "the service is starting; try again";
  answerError(response, 503, { message, type: "server_error", param: null, code: "overloaded" });
}

function answerError(response: ServerResponse, status: number, error: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ error }));
}
