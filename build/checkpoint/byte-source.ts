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
   * Bytes `start` to `start + length`, in a buffer of their own.
   * @param what is read, for the error's message
   * @throws CheckpointError if the range reaches beyond the end of the file
   */
  async read(start: number, length: number, what: string): Promise<Uint8Array<ArrayBuffer>> {
    if (start < 0 || length < 0 || start + length > this.size) {
      const range = `bytes ${start} to ${start + length}`;
      throw new CheckpointError(this.path, `${what} should be at ${range}, the file has ${this.size}`);
    }
    const buffer = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#file.read(buffer, filled, length - filled, start + filled);
      if (bytesRead === 0) throw new CheckpointError(this.path, `${what} ended early`);
      filled += bytesRead;
    }
    return buffer;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
