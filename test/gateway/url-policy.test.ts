/** Which URLs are fetched: names and addresses of the public internet, and hosts that the deployment allows. */
import { describe, expect, it } from "vitest";
import { parseAllowlist, refusalOf } from "../../functions/gateway/images/fetch/url-policy.ts";

describe("refusalOf", () => {
  it.each([
    "https://example.com/a.png",
    "http://8.8.8.8/",
    "http://172.32.0.1/",
    "http://[2606:4700::1111]/",
    "https://xn--bcher-kva.example.com:8443/",
    "https://localhost.example.com/",
    "http://example.com:80/",
    "http://example.com:443/",
    "https://example.com:80/",
    "http://example.com:1024/",
    "http://example.com:65535/",
  ])("lets %s through", (url) => {
    expect(refusalOf(new URL(url), [])).toBeUndefined();
  });

  it.each([
    ["10.0.0.5:8080", "http://10.0.0.5:8080/", true],
    ["10.0.0.5:8080", "http://10.0.0.5/", false],
    ["10.0.0.5", "http://10.0.0.5:99/", true],
    ["example.com:22", "http://example.com:22/", true],
    ["*.corp.internal", "http://a.b.corp.internal/", true],
    ["*.corp.internal", "http://corp.internal/", false],
    ["*.corp.internal", "http://evilcorp.internal/", false],
    ["10.0.0.5", "http://a:b@10.0.0.5/", false],
    ["10.0.0.5", "ftp://10.0.0.5/", false],
  ])("with %s on the allowlist, %s → %s", (entry, url, passes) => {
    expect(refusalOf(new URL(url), [entry]) === undefined).toBe(passes);
  });
});

const NOT_PUBLIC = "the host is not public";
const NO_ADDRESS = "the address is not public";

it.each([
  ["ftp://example.com/x", "only http and https URLs are fetched"],
  ["file:///etc/passwd", "only http and https URLs are fetched"],
  ["http://a@example.com/", "a URL must not carry credentials"],
  ["http://:b@example.com/", "a URL must not carry credentials"],
  ...[1, 22, 25, 79, 81, 442, 444, 1023].map((port) => [
    `http://example.com:${port}/`,
    "only the ports 80, 443 and 1024 or higher are allowed",
  ]),
  ...[
    "localhost",
    "LOCALHOST",
    "localhost.",
    "localhost..",
    "a.localhost",
    "printer",
    "printer.local",
    "a.internal",
    "intranet.corp",
  ].map((host) => [`http://${host}/`, NOT_PUBLIC]),
  ...[
    "x.localdomain",
    "x.lan",
    "x.home",
    "home.arpa",
    "x.home.arpa",
    "x.test",
    "x.invalid",
    "x.onion",
    "x.private",
    "x.intranet",
  ].map((host) => [`https://${host}/x.png`, NOT_PUBLIC]),
  ...[
    "127.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
  ].map((address) => [`http://${address}/`, NO_ADDRESS]),
  ...["2130706433", "0x7f.1", "0177.0.0.1", "255.255.255.255", "127.0.0.1."].map((address) => [
    `http://${address}/`,
    NO_ADDRESS,
  ]),
  ...[
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "4000::1",
    "2002:7f00:1::",
    "2001:db8::1",
  ].map((address) => [`http://[${address}]/`, NO_ADDRESS]),
])("refuses %s: %s", (url, why) => {
  expect(refusalOf(new URL(url ?? ""), [])).toBe(why);
});

it.each([
  "http://example.com/",
  "https://example.com.:8443/x?y",
  "http://mylocalhost.com/",
  "http://localhost.example.com/",
  "http://xlocal.org/",
  "http://8.8.8.8/",
  "http://[2606:4700::1111]/",
])("lets %s through", (url) => {
  expect(refusalOf(new URL(url), [])).toBeUndefined();
});

it.each([
  ["10.0.0.5:8080", "http://10.0.0.5:8080/", true],
  ["10.0.0.5:8080", "http://10.0.0.5/", false],
  ["10.0.0.5", "http://10.0.0.5:8080/", true],
  ["*.corp", "http://a.corp/", true],
  ["*.corp", "http://corp/", false],
  ["*.corp", "http://acorp.lan/", false],
  ["a.corp", "http://b.corp/", false],
])("an entry %s lets %s through: %s", (entry, url, passes) => {
  expect(refusalOf(new URL(url), ["other.example", entry]) === undefined).toBe(passes);
});

it("allows only http and no credentials, even for hosts on the list", () => {
  expect(refusalOf(new URL("ftp://a.corp/"), ["a.corp"])).toMatch(/only http/);
  expect(refusalOf(new URL("http://b:c@a.corp/"), ["a.corp"])).toMatch(/credentials/);
});

it("reads a list of hosts", () => {
  expect(parseAllowlist(" A.example ,, *.b.example,10.0.0.5:80 ")).toEqual([
    "a.example",
    "*.b.example",
    "10.0.0.5:80",
  ]);
  expect(parseAllowlist(undefined)).toEqual([]);
  expect(parseAllowlist("")).toEqual([]);
});
