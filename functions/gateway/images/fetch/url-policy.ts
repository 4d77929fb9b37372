/**
 * Decides which URLs the gateway fetches for a caller. A server that fetches any URL gives access to every network it
 * can reach, so only names and addresses of the public internet are allowed. The URL parser has already converted
 * decimal, octal and hexadecimal forms of an IPv4 address. A public name that resolves to a private address cannot be
 * detected here; on Cloudflare, `global_fetch_strictly_public` keeps such a fetch outside.
 */
import ipaddr from "ipaddr.js";

/** Names that never belong to the public internet (RFC 6761, 6762, 7686, 8375; `.internal` by ICANN, 2024). */
const PRIVATE_NAMES =
  /(^|\.)(localhost|localdomain|local|internal|intranet|lan|home|corp|private|home\.arpa|test|invalid|onion)$/;

/** The web's own ports, and all above the system's: on the system ports below, mail, shells and file servers listen. */
const WEB_PORTS = ["80", "443"];
const FIRST_USER_PORT = 1024;

const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * @param allowed hosts that are allowed in any case; see `parseAllowlist`
 * @returns why the URL is refused, in words for the caller; undefined if it may be fetched
 */
export function refusalOf(url: URL, allowed: readonly string[]): string | undefined {
  if (url.protocol !== "http:" && url.protocol !== "https:") return "only http and https URLs are fetched";
  if (url.username !== "" || url.password !== "") return "a URL must not carry credentials";
  if (allowed.some((entry) => matches(entry, url))) return undefined;
  if (!isWebPort(url.port)) return "only the ports 80, 443 and 1024 or higher are allowed";
  const host = url.hostname.toLowerCase().replace(/\.+$/, "");
  const address = host.replace(/^\[(.*)\]$/, "$1");
  if (ipaddr.isValid(address)) {
    return isPublic(ipaddr.parse(address)) ? undefined : "the address is not public";
  }
  return !host.includes(".") || PRIVATE_NAMES.test(host) ? "the host is not public" : undefined;
}

/** @param port empty for the scheme's default */
function isWebPort(port: string): boolean {
  return port === "" || WEB_PORTS.includes(port) || Number(port) >= FIRST_USER_PORT;
}

/**
 * IPv6 addresses are public only if they are global unicast (RFC 4291). Those that contain an IPv4 address have ranges
 * of their own, or are outside global unicast.
 */
function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== "unicast") return false;
  return address.kind() === "ipv4" || (address as ipaddr.IPv6).match(GLOBAL_UNICAST);
}

/** @param list hosts, separated by commas: `images.example.com`, `10.0.0.5:8080`, `*.example.com` */
export function parseAllowlist(list: string | undefined): string[] {
  return (list ?? "")
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== "");
}

/** An entry without a port stands for all ports. */
function matches(entry: string, { host, hostname }: URL): boolean {
  if (entry.startsWith("*.")) return hostname.endsWith(entry.slice(1));
  return entry === host || entry === hostname;
}
