/** The format of a segment, byte by byte, as `segment-layout.ts` says it: what is stored must stay readable. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { DamagedSegmentError, SegmentHeader } from "../../functions/vector-stores/segment-header.ts";
import {
  groupOf,
  maxSegmentRows,
  pageLayout,
  pageRows,
  rowBytes,
  rowsPerPage,
  scanBytes,
} from "../../functions/vector-stores/segment-layout.ts";
import { SegmentWriter } from "../../functions/vector-stores/segment-writer.ts";
import type { OpenRow } from "../../functions/vector-stores/store-state-rpc.ts";
import { writtenSegment } from "./support/written-segment.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

function rowOf(number: number, width: number, attributes: OpenRow["attributes"] = {}): OpenRow {
  // A view of a longer buffer, as rows come out of one message.
  const ints = new Int8Array(width + 5)
    .fill(99)
    .subarray(3, 3 + width)
    .fill(number);
  return { number, row: { ints, scale: number / 4 }, attributes };
}

test.each([
  [1, 16, 10_912],
  [16, 16, 10_912],
  [17, 32, 6_544],
  [512, 512, 496],
  [640, 640, 400],
  [4_095, 4_096, 48],
  [4_096, 4_096, 48],
])("a row of %i values takes %i bytes, and a page has %i rows", (width, bytes, rows) => {
  expect(rowBytes(width)).toBe(bytes);
  expect(rowsPerPage(width)).toBe(rows);
  expect(pageLayout(rows, width).bytes).toBeLessThanOrEqual(262_144);
  expect(pageLayout(rows + 16, width).bytes).toBeGreaterThan(262_144);
});

test.each([
  [1, 640, { scales: 10_240, numbers: 10_304, bytes: 10_368 }],
  [16, 640, { scales: 10_240, numbers: 10_304, bytes: 10_368 }],
  [17, 640, { scales: 20_480, numbers: 20_608, bytes: 20_736 }],
])("a page of %i rows of %i values", (rows, width, layout) => {
  expect(pageLayout(rows, width)).toEqual(layout);
});

test.each([
  [0, [], 0],
  [1, [1], 10_368],
  [400, [400], 259_200],
  [401, [400, 1], 262_144 + 10_368],
  [850, [400, 400, 50], 2 * 262_144 + pageLayout(50, 640).bytes],
])("%i rows of 640 values are pages of %j rows", (rows, pages, bytes) => {
  expect(pageRows(rows, 640)).toEqual(pages);
  expect(scanBytes(rows, 640)).toBe(bytes);
});

test.each([
  [16, 8_192],
  [512, 8_192],
  [640, 8_000],
  [4_096, 960],
])("a segment of %i values a vector has at most %i rows", (width, rows) => {
  expect(maxSegmentRows(width)).toBe(rows);
});

test.each([
  ["", 5],
  ["a", 44],
  ["colour", 61],
  ["\uffff", 14],
])("the key %j is always in the group %i", (key, group) => {
  expect(groupOf(key)).toBe(group);
});

describe("a written segment", () => {
  test("is laid out as the format says", async () => {
    const { bytes, sha256: of } = await writtenSegment([rowOf(3, 20, { colour: "red" }), rowOf(9, 20)], 20);
    const view = new DataView(bytes.buffer);
    expect(new TextDecoder().decode(bytes.subarray(0, 4))).toBe("ecvs");
    expect([4, 8, 12].map((at) => view.getUint32(at, true))).toEqual([1, 2, 20]);
    const pages = bytes.subarray(4_096, 4_096 + scanBytes(2, 20));
    expect(Buffer.from(bytes.subarray(16, 48)).toString("hex")).toBe(sha256(pages));
    expect(of).toBe(sha256(bytes.subarray(0, 4_096)));
    expect([...pages.subarray(0, 64)]).toEqual([
      ...Array<number>(20).fill(3),
      ...Array<number>(12).fill(0),
      ...Array<number>(20).fill(9),
      ...Array<number>(12).fill(0),
    ]);
    const at = 4_096 + 16 * 32;
    expect([0, 4, 8].map((offset) => view.getFloat32(at + offset, true))).toEqual([0.75, 2.25, 0]);
    expect([64, 68, 72].map((offset) => view.getUint32(at + offset, true))).toEqual([3, 9, 0]);
    const entry = 48 + 40 * groupOf("colour");
    const [offset, length] = [view.getUint32(entry, true), view.getUint32(entry + 4, true)];
    expect([offset, offset + length]).toEqual([4_096 + pages.length, bytes.length]);
    const column = [6, 0, ...Buffer.from("colour"), 10, 0, 0, 0, 0, 3, 0, ...Buffer.from("red"), 1, 0, 0, 0];
    expect([...bytes.subarray(offset)]).toEqual(column);
    expect(Buffer.from(bytes.subarray(entry + 8, entry + 40)).toString("hex")).toBe(
      sha256(bytes.subarray(offset)),
    );
  });

  test("goes on in a new page when one is full", async () => {
    const rows = Array.from({ length: 50 }, (_, i) => rowOf(i + 1, 4_096));
    const { bytes } = await writtenSegment(rows, 4_096);
    const view = new DataView(bytes.buffer);
    const second = 4_096 + 262_144;
    expect(bytes.length).toBe(second + pageLayout(2, 4_096).bytes);
    expect([bytes[4_096 + 47 * 4_096], bytes[second], bytes[second + 4_096]]).toEqual([48, 49, 50]);
    const [full, last] = [pageLayout(48, 4_096), pageLayout(2, 4_096)];
    expect(view.getUint32(4_096 + full.numbers + 4 * 47, true)).toBe(48);
    expect(view.getFloat32(second + last.scales + 4, true)).toBe(12.5);
    expect(view.getUint32(second + last.numbers, true)).toBe(49);
  });

  test("has a header that says where its parts are", async () => {
    const segment = await writtenSegment([rowOf(1, 16, { a: 1, colour: "red" })], 16);
    // Of a longer buffer, as a stream may give it.
    const around = new Uint8Array(5_000);
    around.set(segment.bytes.subarray(0, 4_096), 100);
    const header = await SegmentHeader.read(around.subarray(100, 4_196), segment.sha256);
    expect(header).toMatchObject({ rows: 1, width: 16 });
    expect(header.pages).toMatchObject({ offset: 4_096, length: scanBytes(1, 16) });
    const parts = ["a", "colour"].map((key) => header.group(key));
    for (const { offset, length, sha256: of } of parts) {
      expect(length).toBeGreaterThan(0);
      expect(sha256(segment.bytes.subarray(offset, offset + length))).toBe(of);
    }
    expect(header.group("none").length).toBe(0);
  });
});

describe("a header", () => {
  test.each([
    ["another format", 0],
    ["another format that begins alike", 3],
    ["another version", 4],
    ["another version's high byte", 7],
  ])("of %s is refused, though its hash is right", async (_, at) => {
    const { bytes } = await writtenSegment([rowOf(1, 16)], 16);
    const changed = bytes.slice(0, 4_096);
    changed[at] = (changed[at] ?? 0) + 1;
    await expect(SegmentHeader.read(changed, sha256(changed))).rejects.toThrow(DamagedSegmentError);
  });

  test.each([4_095, 4_097])("of %i bytes is refused, though its hash is right", async (length) => {
    const { bytes } = await writtenSegment([rowOf(1, 16)], 16);
    const changed = bytes.slice(0, length);
    await expect(SegmentHeader.read(changed, sha256(changed))).rejects.toThrow(DamagedSegmentError);
  });
});

describe("the writer", () => {
  test.each([
    [1, 1],
    [8_192, 1],
    [1, 4_096],
    [960, 4_096],
  ])("takes %i rows of %i values", (rows, width) => {
    expect(() => new SegmentWriter(rows, width)).not.toThrow();
  });

  test.each([
    [1, 0],
    [1, 4_097],
    [1, NaN],
    [0, 16],
    [NaN, 16],
    [8_193, 1],
    [961, 4_096],
  ])("refuses %i rows of %i values", (rows, width) => {
    expect(() => new SegmentWriter(rows, width)).toThrow(RangeError);
  });

  test("refuses rows that are too many, not rising, or of another width", async () => {
    const writer = new SegmentWriter(2, 16);
    expect(() => writer.add(rowOf(0, 16))).toThrow(RangeError);
    writer.add(rowOf(2, 16));
    expect(() => writer.add(rowOf(2, 16))).toThrow(RangeError);
    expect(() => writer.add(rowOf(3, 15))).toThrow(RangeError);
    await expect(writer.finish()).rejects.toThrow(RangeError);
    writer.add(rowOf(3, 16));
    expect(() => writer.add(rowOf(4, 16))).toThrow(RangeError);
    expect((await writer.finish()).bytes.length).toBe(4_096 + scanBytes(2, 16));
  });
});
