/** Writes a zip of stored entries, each aligned to 64 bytes like those of `torch.save`. For files below 4 GB. */
import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";

const ALIGNMENT = 64;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;

export class StoredZip {
  readonly #file: FileHandle;
  readonly #central: Uint8Array[] = [];
  #at = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async create(path: string): Promise<StoredZip> {
    return new StoredZip(await open(path, "w"));
  }

  async add(name: string, bytes: Uint8Array): Promise<void> {
    const nameBytes = new TextEncoder().encode(name);
    const unaligned = this.#at + LOCAL_BYTES + nameBytes.byteLength;
    // An extra field begins with four bytes: its id and its length.
    const padding = 4 + ((ALIGNMENT - ((unaligned + 4) % ALIGNMENT)) % ALIGNMENT);
    const crc = crc32(bytes);
    const local = new DataView(new ArrayBuffer(LOCAL_BYTES));
    local.setUint32(0, 0x04034b50, true);
    fillCommon(local, 4, { crc, bytes: bytes.byteLength, nameBytes: nameBytes.byteLength });
    local.setUint16(28, padding, true);
    const extra = new DataView(new ArrayBuffer(padding));
    extra.setUint16(0, 0x4246, true);
    extra.setUint16(2, padding - 4, true);

    const central = new DataView(new ArrayBuffer(CENTRAL_BYTES));
    central.setUint32(0, 0x02014b50, true);
    fillCommon(central, 6, { crc, bytes: bytes.byteLength, nameBytes: nameBytes.byteLength });
    central.setUint32(42, this.#at, true);
    this.#central.push(new Uint8Array(central.buffer), nameBytes);
    for (const piece of [new Uint8Array(local.buffer), nameBytes, new Uint8Array(extra.buffer), bytes]) {
      await this.#write(piece);
    }
  }

  async close(): Promise<void> {
    const start = this.#at;
    const entries = this.#central.length / 2;
    for (const piece of this.#central) await this.#write(piece);
    const end = new DataView(new ArrayBuffer(END_BYTES));
    end.setUint32(0, 0x06054b50, true);
    end.setUint16(8, entries, true);
    end.setUint16(10, entries, true);
    end.setUint32(12, this.#at - start, true);
    end.setUint32(16, start, true);
    await this.#write(new Uint8Array(end.buffer));
    await this.#file.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#file.writeFile(bytes);
    this.#at += bytes.byteLength;
  }
}

/** Version, flags, method (0: stored), time, date, checksum, sizes and the name's length: the same in both headers. */
function fillCommon(
  view: DataView,
  at: number,
  entry: { crc: number; bytes: number; nameBytes: number },
): void {
  view.setUint32(at + 10, entry.crc, true);
  view.setUint32(at + 14, entry.bytes, true);
  view.setUint32(at + 18, entry.bytes, true);
  view.setUint16(at + 22, entry.nameBytes, true);
}
