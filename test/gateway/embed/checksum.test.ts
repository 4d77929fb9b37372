/** A checksum fits the value and the name that it was made for, and no other. */
import { describe, expect, it } from "vitest";
import { hasChecksum, CHECKSUM_BYTES, writeChecksum } from "../../../functions/embed/checksum.ts";
import { random } from "../../support/random.ts";

async function withChecksum(length: number): Promise<Uint8Array<ArrayBuffer>> {
  const next = random(length);
  const value = Uint8Array.from({ length: CHECKSUM_BYTES + length }, () => 256 * next());
  await writeChecksum(value, "name");
  return value;
}

describe("a checksum", () => {
  it.each([0, 1, 15, 16, 1000])("fits %i bytes, and leaves them alone", async (length) => {
    const value = await withChecksum(length);
    const next = random(length);
    const original = Uint8Array.from({ length: CHECKSUM_BYTES + length }, () => 256 * next());
    expect(value.subarray(CHECKSUM_BYTES)).toEqual(original.subarray(CHECKSUM_BYTES));
    expect(await hasChecksum(value, "name")).toBe(true);
  });

  it("fits no other name", async () => {
    expect(await hasChecksum(await withChecksum(100), "names")).toBe(false);
  });

  it("detects every changed bit, in the checksum or after it", async () => {
    for (let bit = 0; bit < 8 * (CHECKSUM_BYTES + 8); bit++) {
      const value = await withChecksum(8);
      value[bit >> 3] = (value[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(await hasChecksum(value, "name"), `bit ${bit}`).toBe(false);
    }
  });

  it("does not fit a value shorter than the checksum", async () => {
    const value = await withChecksum(4);
    for (const length of [0, 1, CHECKSUM_BYTES - 1, CHECKSUM_BYTES, CHECKSUM_BYTES + 3]) {
      expect(await hasChecksum(value.slice(0, length), "name"), `${length} bytes`).toBe(false);
    }
  });
});
