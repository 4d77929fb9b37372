/**
 * Identifies a caller without a key: by the IPv4 address, or by the /64 block of an IPv6 address, because one
 * subscriber usually has the whole block.
 */
import ipaddr from "ipaddr.js";

const GROUPS_OF_64 = 4;

/** @param address from Cloudflare; anything that is not an IP address is returned unchanged */
export function addressBlock(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return parsed.toString();
  const groups = (parsed as ipaddr.IPv6).parts.slice(0, GROUPS_OF_64);
  return `${groups.map((group) => group.toString(16)).join(":")}::/64`;
}
