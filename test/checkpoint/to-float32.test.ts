/** Both 16-bit formats convert exactly, for every bit pattern. */
import { describe, expect, it } from "vitest";
import { toFloat32 } from "../../build/checkpoint/to-float32.ts";
import { encodeTensor } from "../../build/synthetic/tensor-source.ts";

const PATTERNS = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);

describe("toFloat32", () => {
  it("agrees with the engine's half floats", () => {
    const found = toFloat32(new Uint8Array(PATTERNS.slice().buffer), "F16");
    const expected = Float32Array.from(new Float16Array(PATTERNS.slice().buffer));
    // `toEqual` treats NaN as equal to NaN, and -0 as different from 0.
    expect(found).toEqual(expected);
  });

  it("takes bfloat16 for the upper half of a float32", () => {
    const found = toFloat32(new Uint8Array(PATTERNS.slice().buffer), "BF16");
    const view = new DataView(new ArrayBuffer(4));
    const expected = Float32Array.from(PATTERNS, (bits) => {
      view.setUint16(0, bits);
      return view.getFloat32(0);
    });
    expect(found).toEqual(expected);
  });
});

describe("encodeTensor", () => {
  // bfloat16 has 7 fraction bits: 1 + 2^-8 and 1 + 3 * 2^-8 are halfway and are rounded to the even neighbor.
  it.each([
    ["BF16" as const, [1 + 2 ** -8, 1 + 3 * 2 ** -8, -1 - 2 ** -7], [1, 1 + 2 ** -6, -1 - 2 ** -7]],
    ["F16" as const, [1 + 2 ** -11, 1 + 3 * 2 ** -11, 65_504], [1, 1 + 2 ** -9, 65_504]],
  ])("rounds to the nearest even %s", (dtype, values, expected) => {
    expect([...toFloat32(encodeTensor(Float32Array.from(values), dtype), dtype)]).toEqual(expected);
  });
});
