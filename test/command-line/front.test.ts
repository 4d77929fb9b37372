/** What stands between clients and the Workers that `npm start` runs: whom it passes on, and to which addresses. */
import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { freePort } from "../../scripts/start/loopback.ts";
import { Front } from "../../scripts/start/front.ts";

/** @returns the status of a request by a client that says it were on the same machine */
async function statusOf(port: number, path: string): Promise<number | undefined> {
  const asked = get({ host: "127.0.0.1", port, path, headers: { host: "localhost" } });
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

const HIDDEN = [
  "/cdn-cgi/local/explorer/api/storage/kv/namespaces",
  "/cdn-cgi",
  "//cdn-cgi/handler/scheduled",
  "/v1/../cdn-cgi/local/explorer",
  "/%63dn-cgi/local/explorer",
  "/\\cdn-cgi/local/explorer",
  "/CDN-CGI/local/explorer",
  "http://localhost/cdn-cgi/local/explorer",
];

it.each([
  ["0.0.0.0", 404],
  ["localhost", 200],
])("started for %s, it answers %i where wrangler shows what is stored", async (host, status) => {
  const wrangler = createServer((_, response) => response.end("stored")).listen(0, "127.0.0.1");
  try {
    await once(wrangler, "listening");
    const port = await freePort();
    const front = await Front.listen(port, host);
    await front.turnTo(`http://127.0.0.1:${(wrangler.address() as AddressInfo).port}`);
    for (const path of HIDDEN) expect(await statusOf(port, path), path).toBe(status);
    for (const path of ["/v1/models", "/", "/v1/models/cdn-cgis?cdn-cgi", "/%"]) {
      expect(await statusOf(port, path), path).toBe(200);
    }
  } finally {
    wrangler.close();
  }
});
