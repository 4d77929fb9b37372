/** The zip format of torch checkpoints: zip64, which files above 4 GB have, and zips that torch never writes. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ByteSource } from "../../build/checkpoint/byte-source.ts";
import { openCheckpoint } from "../../build/checkpoint/open-checkpoint.ts";
import { readZipDirectory } from "../../build/checkpoint/zip-directory.ts";
import { StoredZip } from "../../build/synthetic/stored-zip.ts";
import { writeTorchFile } from "../../build/synthetic/write-torch-file.ts";
import { widenZip } from "./widen-zip.ts";

const TENSOR = { name: "a", shape: [2, 3], values: () => Float32Array.of(1, 2, 3, 4, 5, 6) };

let folder: string;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
  path = join(folder, "model.bin");
  await writeTorchFile(path, [TENSOR], "F32");
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** The checkpoint's zip with something changed; the directory's first entry is `model/data.pkl`. */
async function changed(change: (zip: DataView<ArrayBuffer>, directory: number) => void): Promise<string> {
  const zip = new Uint8Array(await readFile(path));
  const view = new DataView(zip.buffer);
  change(view, view.getUint32(zip.byteLength - 6, true));
  const copy = join(folder, "changed.bin");
  await writeFile(copy, zip);
  return copy;
}

describe("StoredZip", () => {
  it("aligns every entry's data to 64 bytes, as torch does so that it can map the file", async () => {
    const source = await ByteSource.open(path);
    const entries = [...(await readZipDirectory(source)).values()];
    await source.close();
    expect(entries.map(({ name }) => name)).toEqual(["model/data.pkl", "model/data/0", "model/version"]);
    expect(entries.map(({ start }) => start % 64)).toEqual([0, 0, 0]);
  });
});

describe("zip64", () => {
  it("reads sizes and offsets that stand in extra fields", async () => {
    const wide = join(folder, "wide.bin");
    await writeFile(wide, widenZip(new Uint8Array(await readFile(path))));
    const checkpoint = await openCheckpoint(wide);
    expect([...(await checkpoint.read("a"))]).toEqual([1, 2, 3, 4, 5, 6]);
    await checkpoint.close();
  });

  it("refuses a locator that leads nowhere", async () => {
    const zip = widenZip(new Uint8Array(await readFile(path)));
    new DataView(zip.buffer).setBigUint64(zip.byteLength - 22 - 20 + 8, 0n, true);
    const wide = join(folder, "lost.bin");
    await writeFile(wide, zip);
    await expect(openCheckpoint(wide)).rejects.toThrow("its zip64 end record is missing");
  });
});

describe("a zip is refused", () => {
  // Offsets into a directory entry: 8 flags, 10 method, 24 size, 42 place of the local header.
  it.each<[string, (zip: DataView<ArrayBuffer>, directory: number) => void, string]>([
    [
      "with a compressed entry",
      (zip, at) => zip.setUint16(at + 10, 8, true),
      "entry model/data.pkl is compressed",
    ],
    [
      "with an encrypted entry",
      (zip, at) => zip.setUint16(at + 8, 1, true),
      "entry model/data.pkl is encrypted",
    ],
    [
      "with an entry larger than the file",
      (zip, at) => zip.setUint32(at + 24, 1_000_000, true),
      "entry model/data.pkl reaches beyond the end of the file",
    ],
    [
      "with an entry that is somewhere else",
      (zip, at) => zip.setUint32(at + 42, 4, true),
      "entry model/data.pkl is not where the directory says",
    ],
    ["with a damaged pickle", (zip) => zip.setUint8(70, zip.getUint8(70) ^ 1), "its data.pkl is damaged"],
    [
      "with more entries than its directory",
      (zip) => zip.setUint16(zip.byteLength - 12, 9, true),
      "its directory is cut off",
    ],
  ])("%s", async (_, change, reason) => {
    await expect(openCheckpoint(await changed(change))).rejects.toThrow(reason);
  });

  it("without a pickle", async () => {
    const other = join(folder, "other.zip");
    const zip = await StoredZip.create(other);
    await zip.add("readme.txt", new TextEncoder().encode("hello"));
    await zip.close();
    await expect(openCheckpoint(other)).rejects.toThrow("it has no data.pkl");
  });

  it("that is a folder", async () => {
    await expect(openCheckpoint(folder)).rejects.toThrow("cannot be read");
  });

  it("that is not there", async () => {
    await expect(openCheckpoint(join(folder, "nothing.bin"))).rejects.toThrow("cannot be opened");
  });
});
