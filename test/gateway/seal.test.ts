/** A seal fits the value and the name that it was made for, and no other. */
import { describe, expect, it } from "vitest";
import { isSealed, SEAL_BYTES, seal } from "../../functions/embed/seal.ts";
import { random } from "./random.ts";

async function sealed(length: number): Promise<Uint8Array<ArrayBuffer>> {
  const next = random(length);
  const value = Uint8Array.from({ length: SEAL_BYTES + length }, () => 256 * next());
  await seal(value, "name");
  return value;
}

describe("a seal", () => {
  it.each([0, 1, 15, 16, 1000])("fits %i bytes, and leaves them alone", async (length) => {
    const value = await sealed(length);
    const next = random(length);
    const original = Uint8Array.from({ length: SEAL_BYTES + length }, () => 256 * next());
    expect(value.subarray(SEAL_BYTES)).toEqual(original.subarray(SEAL_BYTES));
    expect(await isSealed(value, "name")).toBe(true);
  });

  it("fits no other name", async () => {
    expect(await isSealed(await sealed(100), "names")).toBe(false);
  });

  it("detects every changed bit, in the seal or after it", async () => {
    for (let bit = 0; bit < 8 * (SEAL_BYTES + 8); bit++) {
      const value = await sealed(8);
      value[bit >> 3] = (value[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(await isSealed(value, "name"), `bit ${bit}`).toBe(false);
    }
  });

  it("does not fit a value shorter than the seal", async () => {
    const value = await sealed(4);
    for (const length of [0, 1, SEAL_BYTES - 1, SEAL_BYTES, SEAL_BYTES + 3]) {
      expect(await isSealed(value.slice(0, length), "name"), `${length} bytes`).toBe(false);
    }
  });
});
