/** The text that `npm start` prints once the service answers. */
import { API_PATHS } from "../../functions/gateway/api-paths.ts";
import { LOOPBACK } from "./loopback.ts";
import type { LocalOptions } from "./local-deployment.ts";

/** Where wrangler shows the traces of requests on this machine. */
const TRACES = "/cdn-cgi/local/explorer";

export interface Place {
  host: string;
  port: number;
  access: LocalOptions["access"];
}

/** Addresses that mean all addresses of this machine. */
const ANY = new Set(["0.0.0.0", "::"]);

export function urlOf({ host, port }: Pick<Place, "host" | "port">): string {
  if (ANY.has(host) || LOOPBACK.test(host)) return `http://localhost:${port}`;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

export function greeting(place: Place): string {
  const url = urlOf(place);
  const key = place.access === "keys" ? " -H 'authorization: Bearer sk-…'" : "";
  return `
edgeclip answers at ${url} (${whoIsLetIn(place)})

Try it in a browser, or:

  curl ${url}/v1/classify${key} -F image=@examples/fox.png -F 'labels=["fox","rabbit","bus","grapes"]'
${LOOPBACK.test(place.host) ? `\nWhat each request did, Worker by Worker: ${url}${TRACES}\n` : ""}`;
}

function whoIsLetIn({ host, access }: Place): string {
  const who = LOOPBACK.test(host) ? "on this machine" : "who can reach it";
  if (access === "keys") {
    return `every request to ${API_PATHS.join(", ")} needs an API key: npm run keys -- create --account me`;
  }
  if (access === "public") return `open to everyone ${who}, limited by address without an API key`;
  return `no API key configured: open to everyone ${who}`;
}
