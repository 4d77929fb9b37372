/**
 * What listens where clients ask, in front of the deployment that serves. It can be turned to another one between two
 * requests, as Cloudflare does with a Worker's versions: those under way finish where they began.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import { createProxyServer } from "httpxy";

export class Front {
  readonly #proxy = createProxyServer({ xfwd: false });
  readonly #server: Server;
  /** Requests under way, by the URL of the deployment that has them. */
  readonly #underWay = new Map<string, number>();
  #target: string;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => void this.#pass(request, response));
  }

  static async listen(port: number, target: string): Promise<Front> {
    const front = new Front(target);
    front.#server.listen(port);
    await once(front.#server, "listening");
    return front;
  }

  /** New requests go to another deployment. @returns once those of the one before are answered */
  async turnTo(target: string): Promise<void> {
    const before = this.#target;
    this.#target = target;
    while ((this.#underWay.get(before) ?? 0) > 0) await once(this.#server, "answered");
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = this.#target;
    this.#underWay.set(target, (this.#underWay.get(target) ?? 0) + 1);
    response.once("close", () => {
      this.#underWay.set(target, (this.#underWay.get(target) ?? 0) - 1);
      this.#server.emit("answered");
    });
    try {
      await this.#proxy.web(request, response, { target });
    } catch {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    }
  }
}
