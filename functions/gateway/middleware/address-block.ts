/** What stands for a caller without a key: an IPv4 address, or the /64 that whoever has one IPv6 address has all of. */
import ipaddr from "ipaddr.js";

const GROUPS_OF_64 = 4;

/** @param address as Cloudflare gives it; anything else stands for itself */
export function addressBlock(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return parsed.toString();
  const groups = (parsed as ipaddr.IPv6).parts.slice(0, GROUPS_OF_64);
  return `${groups.map((group) => group.toString(16)).join(":")}::/64`;
}
