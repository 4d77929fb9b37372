/** Pieces of bytes, joined. */
import { expect, test } from "vitest";
import { concatBytes } from "../../functions/runtime/bytes/concat-bytes.ts";

test("pieces are joined in their order", () => {
  expect(concatBytes([])).toEqual(new Uint8Array(0));
  expect(concatBytes([Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)])).toEqual(
    Uint8Array.of(1, 2, 3),
  );
});
