/** Writes a HEIC file as phones do: a `grid` of tiles, each a separate picture (ISO/IEC 23008-12, 6.6.2.3). */
import { hevcPcm } from "./hevc-pcm.ts";
import { box, clapBox, decoderConfiguration, type HeicOptions, u16, u32, u8 } from "./write-heic.ts";

export interface GridOptions extends Pick<HeicOptions, "turns" | "mirror" | "crop"> {
  /** Side of the square tiles, even. */
  tile: number;
  /** Number of tiles that the grid claims but that are missing. */
  missing?: number;
  /** Where the grid item's own data is: in `idat`, or with the tiles. */
  inFile?: boolean;
  /** A property of this many bytes, by default a colour profile, which each tile names this many times. */
  ballast?: { bytes: number; times: number; type?: "colr" | "pixi" };
  /** All tiles have the data of the first one. */
  sameData?: boolean;
  /** Adds an auxiliary picture of this kind. */
  auxiliary?: string;
}

/** @param luma uint8, `height × width` */
export function writeHeicGrid(
  luma: Uint8Array,
  width: number,
  height: number,
  {
    tile,
    turns,
    mirror,
    crop,
    missing = 0,
    inFile = false,
    ballast,
    sameData = false,
    auxiliary,
  }: GridOptions,
): Uint8Array<ArrayBuffer> {
  const [columns, rows] = [Math.ceil(width / tile), Math.ceil(height / tile)];
  const tiles = Array.from({ length: rows * columns }, (_, i) =>
    hevcPcm(cut(luma, width, height, tile, (i % columns) * tile, Math.floor(i / columns) * tile), tile, tile),
  );
  const data = tiles
    .slice(0, sameData ? 1 : undefined)
    .map(({ slices }) => Buffer.concat(slices.flatMap((slice) => [u32(slice.length), slice])));
  const gridId = tiles.length + 1;
  const auxiliaryId = gridId + 1;
  const grid = Buffer.concat([
    u8(0),
    u8(0),
    u8(rows - 1),
    u8(columns - 1 + missing),
    u16(width),
    u16(height),
  ]);

  const shared = [
    box("hvcC", decoderConfiguration(tiles[0]?.sets ?? [])),
    box("ispe", u32(0), u32(tile), u32(tile)),
    box("colr", Buffer.from("nclx"), u16(1), u16(13), u16(6), u8(0x80)),
  ];
  const own = [
    box("ispe", u32(0), u32(width), u32(height)),
    ...(crop === undefined ? [] : [clapBox(crop, width, height)]),
    ...(turns === undefined ? [] : [box("irot", u8(turns))]),
    ...(mirror === undefined ? [] : [box("imir", u8(mirror))]),
  ];
  const role = auxiliary === undefined ? [] : [box("auxC", u32(0), Buffer.from(`${auxiliary}\0`))];
  const profile =
    ballast === undefined
      ? []
      : [box(ballast.type ?? "colr", Buffer.from("prof"), Buffer.alloc(ballast.bytes))];
  const profiles = Array.from(
    { length: ballast?.times ?? 0 },
    () => shared.length + own.length + role.length + 1,
  );
  const associations = [
    ...tiles.map((_, i) => associate(i + 1, [...numbers(1, shared), ...profiles])),
    associate(gridId, numbers(shared.length + 1, own)),
    ...role.map(() => associate(auxiliaryId, numbers(shared.length + own.length + 1, role))),
  ];
  const infos = [
    ...tiles.map((_, i) => info(i + 1, "hvc1")),
    info(gridId, "grid"),
    ...role.map(() => info(auxiliaryId, "hvc1")),
  ];
  const ids = tiles.map((_, i) => u16(i + 1));
  const references = [
    box("dimg", u16(gridId), u16(ids.length), ...ids),
    ...role.map(() => box("auxl", u16(auxiliaryId), u16(1), u16(gridId))),
  ];
  const ftyp = box("ftyp", Buffer.from("heic"), u32(0), Buffer.from("mif1heic"));
  const meta = (dataAt: number): Buffer => {
    let at = dataAt;
    const places = data.map(({ length }) => ({ at: (at += length) - length, length }));
    const items = tiles.map((_, i) => {
      const place = places[sameData ? 0 : i];
      return location(i + 1, 0, place?.at ?? 0, place?.length ?? 0);
    });
    items.push(inFile ? location(gridId, 0, at, grid.length) : location(gridId, 1, 0, grid.length));
    return box(
      "meta",
      u32(0),
      box("hdlr", u32(0), u32(0), Buffer.from("pict"), Buffer.alloc(13)),
      box("pitm", u32(0), u16(gridId)),
      box("iloc", u32(0x01000000), u16(0x4400), u16(items.length), ...items),
      box("iinf", u32(0), u16(infos.length), ...infos),
      box("iref", u32(0), ...references),
      box(
        "iprp",
        box("ipco", ...shared, ...own, ...role, ...profile),
        box("ipma", u32(0), u32(associations.length), ...associations),
      ),
      ...(inFile ? [] : [box("idat", grid)]),
    );
  };
  const dataAt = ftyp.length + meta(0).length + 8;
  return Uint8Array.from(
    Buffer.concat([ftyp, meta(dataAt), box("mdat", ...data, ...(inFile ? [grid] : []))]),
  );
}

/** An `iloc` entry, version 1: construction method 0 is the file, 1 is `idat`. */
function location(id: number, method: number, offset: number, length: number): Buffer {
  return Buffer.concat([u16(id), u16(method), u16(0), u16(1), u32(offset), u32(length)]);
}

/** A tile of the picture; beyond the picture's edge it is white. */
function cut(
  luma: Uint8Array,
  width: number,
  height: number,
  tile: number,
  left: number,
  top: number,
): Uint8Array {
  return Uint8Array.from({ length: tile * tile }, (_, i) => {
    const [x, y] = [left + (i % tile), top + Math.floor(i / tile)];
    return x < width && y < height ? (luma[y * width + x] ?? 0) : 255;
  });
}

/** An `ipma` entry of properties by number, counted from 1, all essential. */
function associate(id: number, properties: number[]): Buffer {
  return Buffer.concat([u16(id), u8(properties.length), ...properties.map((number) => u8(0x80 | number))]);
}

/** Numbers of consecutive boxes. */
function numbers(first: number, boxes: readonly Buffer[]): number[] {
  return boxes.map((_, i) => first + i);
}

function info(id: number, type: string): Buffer {
  return box("infe", u32(0x02000000), u16(id), u16(0), Buffer.from(`${type}\0`));
}
