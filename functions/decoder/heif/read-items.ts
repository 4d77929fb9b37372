/**
 * Reads the items of a HEIF file that the picture is made of, with their data and properties (ISO/IEC 14496-12, 8.11;
 * ISO/IEC 23008-12, 9.3). A file of a few kilobytes may list thousands of other items, and a field of 0 bytes may count
 * 65,535 pieces of data: other items are skipped, and what is kept is limited.
 */
import { type Box, boxes, child, FieldReader, FULL_BOX_BYTES, type Range, rangeOf, within } from "./boxes.ts";

export interface Item {
  /** `hvc1`, `av01`, `grid`, `Exif`, … */
  type: string;
  /** The item's data, in pieces. */
  extents: Range[];
  /** Properties in file order. Transformations must be applied in this order. */
  properties: Box[];
}

export interface Items {
  primary: Item;
  /** The items that the primary item is derived from, in order: a grid's tiles. */
  parts: Item[];
  /**
   * The item that holds the primary item's alpha channel: a separate picture that refers to it. A depth map refers to it
   * in the same way and is ignored.
   */
  alpha: Item | undefined;
  /** True if the primary item's colours are multiplied by alpha. */
  premultiplied: boolean;
}

/** What the primary item refers to and what refers to it, as ids of items. */
interface References {
  parts: number[];
  auxiliaries: number[];
  premultiplied: boolean;
}

/** Twelve megapixels are 48 tiles of the usual size. */
const MAX_PARTS = 4096;
/** A phone adds up to ten: mattes, a depth map, a gain map. The codec copies the properties of each. */
const MAX_AUXILIARIES = 100;
/** Pieces of data, of all items together. An item has one, rarely a few. */
const MAX_EXTENTS = 10_000;
/** Associations of a property with an item, of all items together. A tile has three to six. */
const MAX_ASSOCIATIONS = 100_000;

/** How `auxC` marks an alpha channel, in HEVC and in general. */
const ALPHA = /auxid:1|:alpha/;
/** The marks and what may follow them are much shorter. The codec copies `auxC` for each item that has it. */
const MAX_ROLE_BYTES = 1024;

/** @throws RangeError for a file that is cut short or that lists more than any picture has */
export function readItems(file: DataView): Items | undefined {
  const metaBox = child(file, "meta");
  const meta = metaBox && within(metaBox, FULL_BOX_BYTES);
  const part = (name: string): DataView | undefined => meta && child(meta, name);
  const [pitm, iinf, iloc, iprp] = [part("pitm"), part("iinf"), part("iloc"), part("iprp")];
  if (!pitm || !iinf || !iloc || !iprp) return undefined;
  const primaryId = new FieldReader(pitm, FULL_BOX_BYTES).unsigned(version(pitm) === 0 ? 2 : 4);
  const { parts, auxiliaries, premultiplied } = readReferences(part("iref"), primaryId);
  const wanted = new Set([primaryId, ...parts, ...auxiliaries]);
  const types = readTypes(iinf, wanted);
  const extents = readExtents(iloc, wanted, file, part("idat"));
  const properties = readProperties(iprp, wanted);
  const item = (id: number): Item[] => {
    const type = types.get(id);
    if (type === undefined) return [];
    return [{ type, extents: extents.get(id) ?? [], properties: properties.get(id) ?? [] }];
  };
  const [primary] = item(primaryId);
  const [alpha] = auxiliaries.flatMap(item).filter(isAlpha);
  return primary && { primary, parts: parts.flatMap(item), alpha, premultiplied };
}

/** @throws RangeError for a role that is too long */
function isAlpha({ properties }: Item): boolean {
  const role = properties.find(({ type }) => type === "auxC")?.content;
  if (role === undefined) return false;
  if (role.byteLength > MAX_ROLE_BYTES) throw new RangeError("an auxiliary picture's role is too long");
  return ALPHA.test(characters(role));
}

function characters({ buffer, byteOffset, byteLength }: DataView): string {
  return new TextDecoder().decode(new Uint8Array(buffer, byteOffset, byteLength));
}

function version(fullBox: DataView): number {
  return fullBox.getUint8(0);
}

function readReferences(iref: DataView | undefined, primaryId: number): References {
  const found: References = { parts: [], auxiliaries: [], premultiplied: false };
  if (iref === undefined) return found;
  const idBytes = version(iref) === 0 ? 2 : 4;
  for (const { type, content } of boxes(within(iref, FULL_BOX_BYTES))) {
    const fields = new FieldReader(content);
    const from = fields.unsigned(idBytes);
    if (type === "auxl" && refersTo(primaryId, fields, idBytes)) {
      if (found.auxiliaries.push(from) > MAX_AUXILIARIES) throw new RangeError("too many auxiliary pictures");
    }
    if (from !== primaryId) continue;
    if (type === "prem") found.premultiplied = true;
    if (type === "dimg") {
      const count = fields.unsigned(2);
      if (count > MAX_PARTS) throw new RangeError("too many parts");
      found.parts = Array.from({ length: count }, () => fields.unsigned(idBytes));
    }
  }
  return found;
}

/** @param fields of a reference, after the id that it is from */
function refersTo(id: number, fields: FieldReader, idBytes: number): boolean {
  for (let left = fields.unsigned(2); left > 0; left--) if (fields.unsigned(idBytes) === id) return true;
  return false;
}

function readTypes(iinf: DataView, wanted: ReadonlySet<number>): Map<number, string> {
  const types = new Map<number, string>();
  const entries = within(iinf, FULL_BOX_BYTES + (version(iinf) === 0 ? 2 : 4));
  for (const { type, content } of boxes(entries)) {
    if (type !== "infe" || version(content) < 2) continue;
    const fields = new FieldReader(content, FULL_BOX_BYTES);
    const id = fields.unsigned(version(content) === 2 ? 2 : 4);
    if (!wanted.has(id)) continue;
    fields.skip(2);
    types.set(id, fields.type());
  }
  return types;
}

function readExtents(
  iloc: DataView,
  wanted: ReadonlySet<number>,
  file: DataView,
  idat: DataView | undefined,
): Map<number, Range[]> {
  const fields = new FieldReader(iloc, FULL_BOX_BYTES);
  const [sizes, moreSizes] = [fields.unsigned(1), fields.unsigned(1)];
  const hasMethod = version(iloc) > 0;
  const [offsetBytes, lengthBytes, baseBytes, indexBytes] = [
    sizes >> 4,
    sizes & 15,
    moreSizes >> 4,
    hasMethod ? moreSizes & 15 : 0,
  ];
  const idBytes = version(iloc) < 2 ? 2 : 4;
  const all = new Map<number, Range[]>();
  let kept = 0;
  for (let left = fields.unsigned(idBytes); left > 0; left--) {
    const id = fields.unsigned(idBytes);
    // Method 0: the data is in the file. Method 1: it is in `idat`.
    const source = hasMethod && (fields.unsigned(2) & 15) === 1 ? idat : file;
    fields.skip(2);
    const base = fields.unsigned(baseBytes);
    const count = fields.unsigned(2);
    if (!wanted.has(id)) {
      fields.skip(count * (indexBytes + offsetBytes + lengthBytes));
      continue;
    }
    kept += count;
    if (kept > MAX_EXTENTS) throw new RangeError("too many extents");
    const extents: Range[] = [];
    for (let extent = 0; extent < count; extent++) {
      fields.skip(indexBytes);
      const start = base + fields.unsigned(offsetBytes);
      const length = fields.unsigned(lengthBytes);
      if (source === undefined) continue;
      const part = within(source, start, length === 0 ? undefined : start + length);
      extents.push(rangeOf(part, file));
    }
    all.set(id, extents);
  }
  return all;
}

function readProperties(iprp: DataView, wanted: ReadonlySet<number>): Map<number, Box[]> {
  const container = child(iprp, "ipco");
  const all = container === undefined ? [] : [...boxes(container)];
  const byItem = new Map<number, Box[]>();
  let kept = 0;
  for (const { type, content } of boxes(iprp)) {
    if (type !== "ipma") continue;
    const indexBytes = (content.getUint8(3) & 1) === 1 ? 2 : 1;
    const fields = new FieldReader(content, FULL_BOX_BYTES);
    for (let left = fields.unsigned(4); left > 0; left--) {
      const id = fields.unsigned(version(content) === 0 ? 2 : 4);
      const count = fields.unsigned(1);
      if (!wanted.has(id)) {
        fields.skip(count * indexBytes);
        continue;
      }
      kept += count;
      if (kept > MAX_ASSOCIATIONS) throw new RangeError("too many associations");
      const properties: Box[] = [];
      for (let association = 0; association < count; association++) {
        // Drop the highest bit, which marks a property as essential.
        const property = all[(fields.unsigned(indexBytes) & (indexBytes === 2 ? 0x7fff : 0x7f)) - 1];
        if (property !== undefined) properties.push(property);
      }
      byItem.set(id, properties);
    }
  }
  return byItem;
}
