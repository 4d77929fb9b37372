/** Random access to a file by byte ranges. */
import { type FileHandle, open } from "node:fs/promises";
import { CheckpointError } from "./checkpoint-error.ts";

export class ByteSource {
  readonly path: string;
  readonly size: number;
  readonly #file: FileHandle;

  private constructor(path: string, size: number, file: FileHandle) {
    this.path = path;
    this.size = size;
    this.#file = file;
  }

  /** @throws CheckpointError if the file cannot be opened */
  static async open(path: string): Promise<ByteSource> {
    try {
      const file = await open(path);
      return new ByteSource(path, (await file.stat()).size, file);
    } catch (cause) {
      throw new CheckpointError(path, "cannot be opened", { cause });
    }
  }

  /**
   * Reads bytes `start` to `start + length` into a new buffer.
   * @param what the name of these bytes in error messages
   * @throws CheckpointError if the range reaches beyond the end of the file or the system cannot read it
   */
  async read(start: number, length: number, what: string): Promise<Uint8Array<ArrayBuffer>> {
    if (start < 0 || length < 0 || start + length > this.size) {
      const range = `bytes ${start} to ${start + length}`;
      throw new CheckpointError(
        this.path,
        `${what} should be at ${range}, but the file has ${this.size} bytes`,
      );
    }
    const buffer = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const bytesRead = await this.#readInto(buffer, filled, start, what);
      if (bytesRead === 0) throw new CheckpointError(this.path, `${what} ends early`);
      filled += bytesRead;
    }
    return buffer;
  }

  async #readInto(buffer: Uint8Array, filled: number, start: number, what: string): Promise<number> {
    try {
      const { bytesRead } = await this.#file.read(buffer, filled, buffer.length - filled, start + filled);
      return bytesRead;
    } catch (cause) {
      // Opening a folder succeeds and reading it fails. Reading a closed checkpoint fails as well.
      throw new CheckpointError(this.path, `${what} cannot be read`, { cause });
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
