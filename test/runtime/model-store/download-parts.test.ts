/** Parts of a model are downloaded in their order, right or refused with the reason. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { downloadParts } from "../../../functions/runtime/model-store/download-parts.ts";
import { bucketOf, CONTENT, EXPECTED, refusal, type Stored, WRONG } from "./support/stored-objects.ts";

/** Downloads what is stored into a target. @returns the signs of life */
const read = async (stored: Stored | null | Error, target = new Uint8Array(300_000)): Promise<number> => {
  let pieces = 0;
  const source = { bucket: bucketOf(stored), prefix: "a" };
  const parts = [{ file: "b", ...EXPECTED }];
  const place = async (): Promise<() => Uint8Array<ArrayBuffer>> => () => target;
  for await (const _ of downloadParts(source, { parts, place, onProgress: () => pieces++ }));
  return pieces;
};

describe("downloadParts", () => {
  it("fills the target, with signs of life", async () => {
    const target = new Uint8Array(300_000);
    expect(await read({ body: CONTENT }, target)).toBeGreaterThan(2);
    expect(target).toEqual(CONTENT);
  });

  it.each(WRONG)("refuses an object that %s", async (_, stored, message) => {
    expect(await refusal(read(stored))).toEqual(["model_unavailable", message]);
  });

  it("gives parts in order, files in pieces beside each other and ranges by themselves", async () => {
    const body = Uint8Array.from({ length: 9_000_000 }, (_, i) => (i * 7919) >> 5);
    const hash = (from: number, to: number): string =>
      createHash("sha256").update(body.subarray(from, to)).digest("hex");
    const parts = [
      { file: "b", offset: 5000, bytes: 300_000, sha256: hash(5000, 305_000) },
      { file: "b", bytes: body.length, sha256: hash(0, body.length) },
    ];
    const places = parts.map(({ bytes }) => new Uint8Array(bytes));
    const bucket = bucketOf({ body });
    const download = {
      parts,
      place: async (index: number) => () => places[index] as Uint8Array<ArrayBuffer>,
      onProgress: () => {},
    };
    const order = await Array.fromAsync(downloadParts({ bucket, prefix: "a" }, download));
    expect(order).toEqual([0, 1]);
    expect(Buffer.compare(places[0] ?? body, body.subarray(5000, 305_000))).toBe(0);
    expect(Buffer.compare(places[1] ?? body.subarray(1), body)).toBe(0);
    expect(bucket.asked).toHaveLength(4);
  });

  it("ends when a sign of life says so, and when nobody asks on", async () => {
    const source = { bucket: bucketOf({ body: CONTENT }), prefix: "a" };
    const target = new Uint8Array(300_000);
    const parts = [
      { file: "b", ...EXPECTED },
      { file: "b", ...EXPECTED },
    ];
    const place = async (index: number) =>
      index === 0 ? () => target : await Promise.withResolvers<never>().promise;
    const stopped = Array.fromAsync(
      downloadParts(source, {
        parts,
        place,
        onProgress: () => {
          throw new Error("taken over");
        },
      }),
    );
    await expect(stopped).rejects.toThrow("taken over");
    for await (const index of downloadParts(source, { parts, place, onProgress: () => {} })) {
      expect(index).toBe(0);
      break;
    }
  });
});
