/** Lists the items of a HEIF file with their data and properties (ISO/IEC 14496-12, 8.11; ISO/IEC 23008-12, 9.3). */
import { type Box, boxes, child, FieldReader, FULL_BOX_BYTES, within } from "./boxes.ts";

export interface Item {
  id: number;
  /** `hvc1`, `av01`, `grid`, `Exif`, … */
  type: string;
  /** The item's data, in pieces. */
  extents: DataView[];
  /** Properties in file order. Transformations must be applied in this order. */
  properties: Box[];
}

export interface Items {
  primary: Item;
  byId: ReadonlyMap<number, Item>;
  /** Ids of the items that an item refers to, by `<type of reference>/<the item's id>`. */
  references: ReadonlyMap<string, number[]>;
}

/** How `auxC` marks an alpha channel, in HEVC and in general. */
const ALPHA = /auxid:1|:alpha/;

/** @throws RangeError for a file that is cut short */
export function readItems(file: DataView): Items | undefined {
  const metaBox = child(file, "meta");
  const meta = metaBox && within(metaBox, FULL_BOX_BYTES);
  const part = (name: string): DataView | undefined => meta && child(meta, name);
  const [pitm, iinf, iloc, iprp] = [part("pitm"), part("iinf"), part("iloc"), part("iprp")];
  if (!pitm || !iinf || !iloc || !iprp) return undefined;
  const types = readTypes(iinf);
  const extents = readExtents(iloc, file, part("idat"));
  const properties = readProperties(iprp);
  const byId = new Map<number, Item>();
  for (const [id, type] of types) {
    byId.set(id, { id, type, extents: extents.get(id) ?? [], properties: properties.get(id) ?? [] });
  }
  const primary = byId.get(new FieldReader(pitm, FULL_BOX_BYTES).unsigned(version(pitm) === 0 ? 2 : 4));
  return primary && { primary, byId, references: readReferences(part("iref")) };
}

/**
 * The item that holds `item`'s alpha channel: a separate picture that refers to it. A depth map refers to it in the
 * same way and is ignored.
 */
export function alphaOf({ byId, references }: Items, { id }: Item): Item | undefined {
  for (const auxiliary of byId.values()) {
    const isOfThis = references.get(`auxl/${auxiliary.id}`)?.includes(id) === true;
    const role = auxiliary.properties.find(({ type }) => type === "auxC")?.content;
    if (isOfThis && role !== undefined && ALPHA.test(characters(role))) return auxiliary;
  }
  return undefined;
}

function characters({ buffer, byteOffset, byteLength }: DataView): string {
  return new TextDecoder().decode(new Uint8Array(buffer, byteOffset, byteLength));
}

function version(fullBox: DataView): number {
  return fullBox.getUint8(0);
}

function readTypes(iinf: DataView): Map<number, string> {
  const types = new Map<number, string>();
  const entries = within(iinf, FULL_BOX_BYTES + (version(iinf) === 0 ? 2 : 4));
  for (const { type, content } of boxes(entries)) {
    if (type !== "infe" || version(content) < 2) continue;
    const fields = new FieldReader(content, FULL_BOX_BYTES);
    const id = fields.unsigned(version(content) === 2 ? 2 : 4);
    fields.unsigned(2);
    types.set(id, fields.type());
  }
  return types;
}

function readExtents(iloc: DataView, file: DataView, idat: DataView | undefined): Map<number, DataView[]> {
  const fields = new FieldReader(iloc, FULL_BOX_BYTES);
  const [sizes, moreSizes] = [fields.unsigned(1), fields.unsigned(1)];
  const [offsetBytes, lengthBytes, baseBytes, indexBytes] = [
    sizes >> 4,
    sizes & 15,
    moreSizes >> 4,
    moreSizes & 15,
  ];
  const hasMethod = version(iloc) > 0;
  const idBytes = version(iloc) < 2 ? 2 : 4;
  const all = new Map<number, DataView[]>();
  for (let left = fields.unsigned(idBytes); left > 0; left--) {
    const id = fields.unsigned(idBytes);
    // Method 0: the data is in the file. Method 1: it is in `idat`.
    const source = hasMethod && (fields.unsigned(2) & 15) === 1 ? idat : file;
    fields.unsigned(2);
    const base = fields.unsigned(baseBytes);
    const extents: DataView[] = [];
    for (let extent = fields.unsigned(2); extent > 0; extent--) {
      if (hasMethod) fields.unsigned(indexBytes);
      const start = base + fields.unsigned(offsetBytes);
      const length = fields.unsigned(lengthBytes);
      if (source !== undefined)
        extents.push(within(source, start, length === 0 ? undefined : start + length));
    }
    all.set(id, extents);
  }
  return all;
}

function readProperties(iprp: DataView): Map<number, Box[]> {
  const container = child(iprp, "ipco");
  const all = container === undefined ? [] : [...boxes(container)];
  const byItem = new Map<number, Box[]>();
  for (const { type, content } of boxes(iprp)) {
    if (type !== "ipma") continue;
    const indexBytes = (content.getUint8(3) & 1) === 1 ? 2 : 1;
    const fields = new FieldReader(content, FULL_BOX_BYTES);
    for (let left = fields.unsigned(4); left > 0; left--) {
      const id = fields.unsigned(version(content) === 0 ? 2 : 4);
      const properties: Box[] = [];
      for (let index = fields.unsigned(1); index > 0; index--) {
        // Drop the highest bit, which marks a property as essential.
        const property = all[(fields.unsigned(indexBytes) & (indexBytes === 2 ? 0x7fff : 0x7f)) - 1];
        if (property !== undefined) properties.push(property);
      }
      byItem.set(id, properties);
    }
  }
  return byItem;
}

function readReferences(iref: DataView | undefined): Map<string, number[]> {
  const references = new Map<string, number[]>();
  if (iref === undefined) return references;
  const idBytes = version(iref) === 0 ? 2 : 4;
  for (const { type, content } of boxes(within(iref, FULL_BOX_BYTES))) {
    const fields = new FieldReader(content);
    const from = fields.unsigned(idBytes);
    const to = Array.from({ length: fields.unsigned(2) }, () => fields.unsigned(idBytes));
    references.set(`${type}/${from}`, to);
  }
  return references;
}
