/** An object of a model is read whole and right, or refused with the reason. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readVerified } from "../../../functions/runtime/model-store/read-verified.ts";
import { bucketOf, CONTENT, EXPECTED, refusal, WRONG } from "./support/stored-objects.ts";

describe("readVerified", () => {
  it("gives the object, with signs of life", async () => {
    let pieces = 0;
    const bytes = await readVerified(bucketOf({ body: CONTENT }), "a/b", EXPECTED, () => pieces++);
    expect(bytes).toEqual(CONTENT);
    expect(pieces).toBeGreaterThan(3);
  });

  it.each([
    ["from its start", 0],
    ["from the middle", 123_457],
  ])("gives a range of it, %s", async (_, offset) => {
    const range = CONTENT.subarray(offset, offset + 1000);
    const sha256 = createHash("sha256").update(range).digest("hex");
    const bucket = bucketOf({ body: CONTENT });
    expect(await readVerified(bucket, "a/b", { bytes: 1000, sha256, offset })).toEqual(
      Uint8Array.from(range),
    );
    expect(bucket.asked).toEqual([["a/b", { range: { offset, length: 1000 } }]]);
  });

  it("asks for no range unless one is wanted", async () => {
    const bucket = bucketOf({ body: CONTENT });
    await readVerified(bucket, "a/b", EXPECTED);
    expect(bucket.asked).toEqual([["a/b", {}]]);
  });

  it.each(WRONG)("refuses an object that %s", async (_, stored, message) => {
    expect(await refusal(readVerified(bucketOf(stored), "a/b", EXPECTED))).toEqual([
      "model_unavailable",
      message,
    ]);
  });

  it("keeps the reason for the log", async () => {
    await expect(readVerified(bucketOf(new Error("down")), "a/b", EXPECTED)).rejects.toMatchObject({
      cause: { message: "down" },
    });
  });
});
