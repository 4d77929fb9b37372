/**
 * Files of a few kilobytes that claim millions of parts, or share one large part among thousands of items, are refused
 * at once, and do not affect the file after them.
 */
import { performance } from "node:perf_hooks";
import { afterAll, beforeAll, expect, it } from "vitest";
import { decodeOne, type DecoderUnderTest, refusalOf, startDecoder } from "./support/start-decoder.ts";
import { box } from "./support/write-heic.ts";
import { emptyExtents, heifOf, infos, manyAuxiliaries, partsOf } from "./support/write-long-lists.ts";
import { writePng } from "./support/write-png.ts";

/** Milliseconds from the request to the refusal. It takes a few, so this has room for a busy machine. */
const AT_ONCE = 1000;

let decoder: DecoderUnderTest;
let good: Uint8Array;

beforeAll(async () => {
  decoder = await startDecoder();
  good = writePng({ width: 64, height: 64, depth: 8, colorType: 2, sample: (x, y) => 2 * x + y });
});

afterAll(async () => {
  await decoder.dispose();
});

const tiles = (count: number): string[] => ["grid", ...Array.from({ length: count }, () => "hvc1")];

it.each<[what: string, file: () => Uint8Array]>([
  ["100 items of empty pieces", () => heifOf(infos([]), emptyExtents(100), box("iprp"))],
  ["2,000 items of empty pieces", () => heifOf(infos([]), emptyExtents(2000), box("iprp"))],
  ["a picture of empty pieces", () => heifOf(infos(["hvc1"]), emptyExtents(1), box("iprp"))],
  [
    "4,096 tiles of empty pieces",
    () => heifOf(infos(tiles(4096)), emptyExtents(4097), partsOf(4096), box("iprp")),
  ],
  ["65,000 tiles", () => heifOf(infos(tiles(1)), emptyExtents(0), partsOf(65_000), box("iprp"))],
  ["100 auxiliary pictures that share one long description", () => manyAuxiliaries(100, 4_000_000)],
  ["5,000 auxiliary pictures that share one long description", () => manyAuxiliaries(5000, 4_000_000)],
])("%s", async (_, write) => {
  const file = write();
  const before = await decodeOne(decoder, good, 64);
  const start = performance.now();
  expect((await refusalOf(decoder, file)).code).toBe("invalid_image");
  expect(performance.now() - start).toBeLessThan(AT_ONCE);
  expect(await decodeOne(decoder, good, 64)).toEqual(before);
});
