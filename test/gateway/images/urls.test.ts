/** Pictures from URLs on a real server: those that are fetched, and the errors for those that are not. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PictureServer, startPictureServer } from "../../support/picture-server.ts";
import { type Answer, post } from "../../support/post.ts";
import { startWorkers, type Workers } from "../../support/workers.ts";

let workers: Workers;
let server: PictureServer;
/** The same server under an address that is not on the allowlist. */
let forbidden: string;

beforeAll(async () => {
  server = await startPictureServer(await readFile(join(import.meta.dirname, "../../../examples/fox.png")));
  forbidden = server.host.replace("127.0.0.1", "127.0.0.2");
  workers = await startWorkers({
    change: (name, options) =>
      name === "edgeclip"
        ? {
            ...options,
            bindings: { ...options.bindings, IMAGE_URL_ALLOWLIST: `example.org, ${server.host}` },
          }
        : options,
  });
});

afterAll(async () => {
  await workers.dispose();
  await server.close();
});

async function classify(...images: string[]): Promise<Answer> {
  return await post(`${workers.url}/v1/classify`, { images, labels: ["fox", "bus"] });
}

const at = (path: string): string => `http://${server.host}${path}`;

describe("an allowlisted server", () => {
  it.each([
    ["a picture", "/picture"],
    ["a compressed one", "/packed"],
    ["one redirect", "/redirect"],
    ["three redirects", "/redirect?times=3"],
  ])("is asked for %s", async (_, path) => {
    const { status, body, headers } = await classify(at(path));
    expect(status).toBe(200);
    expect(body.data[0].prediction).toBe("fox");
    expect(headers.get("server-timing")).toMatch(/\bfetch;dur=\d/);
  });

  it.each([
    ["nothing", "/missing", "image_fetch_failed", /answered 404/],
    ["an empty file", "/empty", "invalid_image", /empty/],
    ["a page that says it is a picture", "/page", "unsupported_image_format", /web page/],
    ["four redirects", "/redirect?times=4", "image_fetch_failed", /more than 3 redirects/],
    ["a file whose length is too much", "/long", "image_too_large", /30000000/],
    ["a file without end", "/endless", "image_too_large", /limit is 20000000/],
    ["a file that unpacks to too much", "/bomb", "image_too_large", /limit is 20000000/],
    ["a file that breaks off", "/broken", "image_fetch_failed", /could not be reached/],
    ["a redirect to a forbidden address", "/redirect?to=http://169.254.169.254/", "image_url_forbidden", /./],
    ["a redirect to a file", "/redirect?to=file:///etc/passwd", "image_url_forbidden", /only http/],
    ["a redirect to credentials", "/redirect?to=//a:b@127.0.0.1/", "image_url_forbidden", /credentials/],
    ["a redirect to nowhere", "/redirect?to=http://%2500/", "image_url_forbidden", /malformed/],
  ])("that gives %s", async (_, path, code, message) => {
    const { status, body } = await classify(at("/picture"), at(path));
    expect(body.error).toMatchObject({ code, param: "images[1]", message: expect.stringMatching(message) });
    expect(status).toBe(400);
    expect(body.error.message).not.toContain(server.host);
  });

  it.each(["/long", "/endless", "/wordy"])("is not left sending what is refused: %s", async (path) => {
    const before = server.cutShort.length;
    expect((await classify(at(path))).status).toBe(400);
    await expect.poll(() => server.cutShort.slice(before), { timeout: 5_000 }).toEqual([path]);
  });

  it("that is one of several stops sending when another is refused", async () => {
    const before = server.cutShort.length;
    const { body } = await classify(at("/missing"), at("/silent"));
    expect(body.error.param).toBe("images[0]");
    await expect.poll(() => server.cutShort.slice(before), { timeout: 5_000 }).toEqual(["/silent"]);
  });

  it("is not followed to another port of itself", async () => {
    const { body } = await classify(at(`/redirect?to=http://${forbidden}/picture`));
    expect(body.error.code).toBe("image_url_forbidden");
  });

  it("that is silent or too slow is given up after ten seconds, headers and bytes together", async () => {
    const before = performance.now();
    const slow = ["/silent", "/drip", "/paced?bytes=1&ms=20", "/paced?bytes=1&ms=200&after=6000"];
    const answers = await Promise.all(slow.map((path) => classify(at(path))));
    expect(performance.now() - before).toBeLessThan(14_000);
    for (const { status, body } of answers) {
      expect(body.error).toMatchObject({
        code: "image_fetch_failed",
        message: expect.stringContaining("10 s"),
      });
      expect(status).toBe(400);
    }
  }, 30_000);

  it("that announces much and sends little does not delay other pictures", async () => {
    const slow = [classify(at("/heavy-drip")), classify(at("/heavy-drip"))];
    await sleep(1_000);
    const start = performance.now();
    expect((await classify(at("/picture"))).status).toBe(200);
    expect(performance.now() - start).toBeLessThan(5_000);
    for (const { status } of await Promise.all(slow)) expect([400, 503]).toContain(status);
  }, 30_000);

  it("is asked once for a URL that comes twice", async () => {
    const before = server.requests.length;
    const { body } = await classify(at("/picture"), at("/picture"));
    expect(body.data).toHaveLength(2);
    expect(server.requests).toHaveLength(before + 1);
  });

  it("answers sixteen URLs in their order", async () => {
    const urls = Array.from({ length: 16 }, (_, i) => at(`/picture?${i}`));
    const { body } = await classify(...urls);
    expect(body.data.map((row: { prediction: string }) => row.prediction)).toEqual(Array(16).fill("fox"));
    expect(body.usage).toMatchObject({ images: 16, cached_images: 0 });
  });
});

/** URL, and part of the reason why it is refused. */
const REFUSED: [url: string, why: string][] = [
  ["ftp://example.com/a.png", "only http"],
  ["file:///etc/passwd", "only http"],
  ["gopher://example.com/", "only http"],
  ["http://user:password@example.com/a.png", "credentials"],
  ["http://user@example.com/a.png", "credentials"],
  ...[
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "0.0.0.0",
    "0",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "１２７.0.0.1",
    "127。0。0。1",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:8.8.8.8]",
    "[::7f00:1]",
    "[fe80::1]",
    "[fc00::1]",
    "[fd12:3456::1]",
    "[ff02::1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[2001:db8::1]",
    "[100::1]",
    "[fec0::1]",
  ].map((host): [string, string] => [`http://${host}/a.png`, "address is not public"]),
  ...[
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "metadata.google.internal",
    "printer.local",
    "router",
    "nas.lan",
    "host.home.arpa",
    "x.onion",
    "loc%61lhost",
  ].map((host): [string, string] => [`http://${host}/a.png`, "host is not public"]),
];

const OTHER_PORTS = ["22", "1", "25", "81", "444", "1023"].map((port): [string, string] => [
  `http://example.com:${port}/a.png`,
  "ports 80, 443",
]);

describe("without being on the allowlist", () => {
  it.each([...REFUSED, ...OTHER_PORTS])("%s is refused", async (url, why) => {
    const { status, body } = await classify(url);
    expect(body.error).toMatchObject({
      code: "image_url_forbidden",
      param: "images[0]",
      message: expect.stringContaining(why),
    });
    expect(status).toBe(400);
  });

  it("the server itself is refused under another address, and not asked", async () => {
    const before = server.requests.length;
    expect((await classify(`http://${forbidden}/picture`)).body.error.code).toBe("image_url_forbidden");
    expect(server.requests).toHaveLength(before);
  });

  it.each(["http://not a host/", "http://[::1/", "http://"])("%s is malformed", async (url) => {
    expect((await classify(url)).body.error.code).toBe("image_url_forbidden");
  });
});
