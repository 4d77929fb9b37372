/** The address block by which callers without a key are counted. */
import { expect, it } from "vitest";
import { addressBlock } from "../../functions/gateway/middleware/address-block.ts";

it.each([
  ["203.0.113.9", "203.0.113.9"],
  ["::ffff:203.0.113.9", "203.0.113.9"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"],
  ["2001:db8:1:3::1", "2001:db8:1:3::/64"],
  ["unknown", "unknown"],
])("%s is counted as %s", (address, block) => {
  expect(addressBlock(address)).toBe(block);
});
