/** Segments as they are written and read: rows, columns, checksums, and the sizes that they may have. */
import { expect, test } from "vitest";
import { GroupReader } from "../../functions/vector-stores/attribute-columns.ts";
import { combinedRows, passesFilter, passingRows } from "../../functions/vector-stores/evaluate-filter.ts";
import type { Comparison, Filter } from "../../functions/vector-stores/filter.ts";
import {
  DamagedSegmentError,
  SegmentHeader,
  type SegmentPart,
} from "../../functions/vector-stores/segment-header.ts";
import {
  HEADER_BYTES,
  PAGE_BYTES,
  maxSegmentRows,
  pageLayout,
  pageRows,
  rowBytes,
  rowsPerPage,
} from "../../functions/vector-stores/segment-layout.ts";
import { SegmentWriter, type WrittenSegment } from "../../functions/vector-stores/segment-writer.ts";
import type { OpenRow } from "../../functions/vector-stores/store-state-rpc.ts";
import type { Attributes } from "../../functions/vector-stores/stored-picture.ts";
import { sha256Hex } from "../../model-shards/sha256.ts";
import { random as randomFrom } from "../support/random.ts";
import { randomFilter, randomRows } from "./support/random-store.ts";
import { writtenSegment } from "./support/written-segment.ts";

async function headerOf({ bytes, sha256 }: WrittenSegment): Promise<SegmentHeader> {
  return await SegmentHeader.read(bytes.subarray(0, HEADER_BYTES), sha256);
}

function partOf({ bytes }: WrittenSegment, { offset, length }: SegmentPart): Uint8Array<ArrayBuffer> {
  return bytes.slice(offset, offset + length);
}

function bitsOf(comparison: Comparison, rows: number, group: Uint8Array): Uint8Array {
  return passingRows([comparison], rows, new GroupReader(group)).get(comparison) ?? new Uint8Array(0);
}

/** Reads a segment's rows as the format's description says, without the code that wrote them. */
function rowsOf(pages: Uint8Array<ArrayBuffer>, count: number, width: number): Omit<OpenRow, "attributes">[] {
  return pageRows(count, width).flatMap((rows, page) => {
    const from = page * PAGE_BYTES;
    const { scales, numbers } = pageLayout(rows, width);
    const view = new DataView(pages.buffer, from);
    return Array.from({ length: rows }, (_, i) => ({
      number: view.getUint32(numbers + 4 * i, true),
      row: {
        ints: new Int8Array(pages.buffer, from + i * rowBytes(width), width),
        scale: view.getFloat32(scales + 4 * i, true),
      },
    }));
  });
}

test.each([
  [1, 64],
  [17, 40],
  [rowsPerPage(640) + 1, 640],
  [2 * rowsPerPage(1_000), 1_000],
])("a segment of %i rows of %i values gives back its rows", async (count, width) => {
  const rows = randomRows(count, width, randomFrom(count), 3);
  const segment = await writtenSegment(rows, width);
  const header = await headerOf(segment);
  expect(header).toMatchObject({ rows: count, width });
  expect(header.pages.sha256).toBe(await sha256Hex(partOf(segment, header.pages)));
  const read = rowsOf(partOf(segment, header.pages), count, width);
  expect(read).toEqual(rows.map(({ number, row }) => ({ number, row })));
});

test("the longest pages and segments have the sizes that they may have", () => {
  for (const width of [1, 16, 512, 640, 768, 1_024, 1_152, 4_096]) {
    expect(pageLayout(rowsPerPage(width), width).bytes).toBeLessThanOrEqual(PAGE_BYTES);
    expect(pageRows(maxSegmentRows(width), width).length).toBeLessThanOrEqual(20);
  }
  expect(maxSegmentRows(640)).toBe(8_000);
});

test("columns and rows agree about every filter, and with a plain reading of it", async () => {
  const random = randomFrom(7);
  for (let round = 0; round < 20; round++) {
    const rows = randomRows(1 + Math.floor(random() * 200), 16, random);
    const segment = await writtenSegment(rows, 16);
    const header = await headerOf(segment);
    for (let i = 0; i < 50; i++) {
      const filter = randomFilter(random);
      const bits = combinedRows(filter, rows.length, (comparison) =>
        bitsOf(comparison, rows.length, partOf(segment, header.group(comparison.key))),
      );
      for (const [at, { attributes }] of rows.entries()) {
        const passed = ((bits[at >>> 3] ?? 0) & (1 << (at & 7))) !== 0;
        expect(passed, JSON.stringify([filter, attributes])).toBe(plainly(filter, attributes));
        expect(passesFilter(filter, attributes)).toBe(passed);
      }
    }
  }
});

test("each group hashes to what the header says", async () => {
  const segment = await writtenSegment(randomRows(100, 16, randomFrom(5)), 16);
  const header = await headerOf(segment);
  for (const key of ["colour", "year", "sold", "absent"]) {
    const part = header.group(key);
    expect(part.sha256).toBe(await sha256Hex(partOf(segment, part)));
  }
});

/** As the documentation says it, one sentence after the other. */
function plainly(filter: Filter, attributes: Attributes): boolean {
  if ("filters" in filter) {
    const passed = filter.filters.filter((each) => plainly(each, attributes)).length;
    return filter.type === "and" ? passed === filter.filters.length : passed > 0;
  }
  const value = new Map(Object.entries(attributes)).get(filter.key);
  if (filter.type === "ne") return !plainly({ ...filter, type: "eq" }, attributes);
  if (filter.type === "nin") return !plainly({ ...filter, type: "in" }, attributes);
  if (value === undefined) return false;
  if (filter.type === "eq") return Object.is(value, filter.value);
  if (filter.type === "in") return filter.value.some((each) => Object.is(value, each));
  if (typeof value === "number" && typeof filter.value === "number") {
    const difference = value - filter.value;
    return { gt: difference > 0, gte: difference >= 0, lt: difference < 0, lte: difference <= 0 }[
      filter.type
    ];
  }
  if (typeof value !== "string" || typeof filter.value !== "string") return false;
  const order = [value, filter.value].toSorted();
  const isSame = value === filter.value;
  const isFirst = !isSame && order[0] === value;
  return { gt: !isFirst && !isSame, gte: !isFirst, lt: isFirst, lte: isFirst || isSame }[filter.type];
}

test("a row may have as many keys as there are, each its own", async () => {
  const rows = randomRows(500, 16, randomFrom(1)).map((row, i) => ({
    ...row,
    attributes: Object.fromEntries(Array.from({ length: 16 }, (_, k) => [`${i}-${k}`, k])),
  }));
  const segment = await writtenSegment(rows, 16);
  const header = await headerOf(segment);
  const group = partOf(segment, header.group("77-3"));
  const bits = bitsOf({ type: "eq", key: "77-3", value: 3 }, 500, group);
  expect([...bits.entries()].filter(([, byte]) => byte !== 0)).toEqual([[9, 1 << 5]]);
  expect(segment.bytes.length).toBeLessThan(500 * 16 * 40);
});

test("a header whose bytes were changed is refused", async () => {
  const segment = await writtenSegment(randomRows(3, 16, randomFrom(2)), 16);
  for (const at of [0, 9, 20, 60, 4_000]) {
    const bytes = segment.bytes.slice(0, HEADER_BYTES);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await expect(SegmentHeader.read(bytes, segment.sha256)).rejects.toThrow(DamagedSegmentError);
  }
  const short = segment.bytes.subarray(0, 100);
  await expect(SegmentHeader.read(short, segment.sha256)).rejects.toThrow(DamagedSegmentError);
});

test("the writer refuses what would not be a segment", async () => {
  const [first, second] = randomRows(2, 16, randomFrom(3)) as [OpenRow, OpenRow];
  expect(() => new SegmentWriter(0, 16)).toThrow(RangeError);
  expect(() => new SegmentWriter(maxSegmentRows(640) + 1, 640)).toThrow("8001 rows");
  expect(() => new SegmentWriter(1, 0)).toThrow(RangeError);
  const writer = new SegmentWriter(2, 16);
  writer.add(second);
  expect(() => writer.add(first)).toThrow("row 1 after row 2");
  await expect(writer.finish()).rejects.toThrow("1 of 2 rows");
  expect(() => new SegmentWriter(1, 17).add(first)).toThrow("16 values");
});
