/**
 * A block of the codec's memory that is ours: for a picture file, or for the pixels of a picture that is not decoded in
 * order. The codec's heap never shrinks; as much beside it, in JavaScript, would be too much for an isolate.
 */
import { ServiceError } from "../runtime/errors.ts";
import { codecBytes, type MemoryPart, roomAtEnd } from "./codec-memory.ts";
import type { CodecView } from "./formats/picture-header.ts";
import { type MagickApi, readInPlace } from "./magick-internals.ts";

/** Blocks in use. A request that ended without a word leaves its own behind, to be freed by the next. */
const inUse = new Set<CodecBlock>();

export class CodecBlock {
  readonly length: number;
  /** Whose heap it is in; undefined: at the memory's end, in no instance's. */
  #api: MagickApi | undefined;
  #pointer: number;

  private constructor(api: MagickApi | undefined, pointer: number, length: number) {
    this.#api = api;
    this.#pointer = pointer;
    this.length = length;
  }

  /** Frees all blocks: whoever has the turn now is alone. */
  static freeAll(): void {
    for (const block of inUse) block.free();
  }

  /** The instance whose heap they are in is gone, but their bytes are there until the next one is started. */
  static outliveInstance(): void {
    for (const block of inUse) block.#api = undefined;
  }

  /** Forgets all blocks: the instance that they belong to is gone. */
  static forgetAll(): void {
    inUse.clear();
  }

  /** A block of `length` bytes, at least 1; undefined if the codec's memory has no room for it. */
  static allocate(api: MagickApi, length: number): CodecBlock | undefined {
    const pointer = api._malloc(length);
    if (pointer === 0) return undefined;
    const block = new CodecBlock(api, pointer, length);
    inUse.add(block);
    return block;
  }

  /** A block of `length` bytes, at least 1, while there is no instance: it is there until one is started. */
  static allocateAtEnd(length: number): CodecBlock {
    const block = new CodecBlock(undefined, roomAtEnd(length), length);
    inUse.add(block);
    return block;
  }

  /**
   * The bytes where they are: valid until the codec's memory grows, which any of its functions may do.
   * @throws ServiceError `overloaded` if another request has taken over and freed the block
   */
  view(): Uint8Array<ArrayBuffer> {
    if (!inUse.has(this)) throw new ServiceError("overloaded", "the upload came too slowly; try again");
    return codecBytes().subarray(this.#pointer, this.#pointer + this.length);
  }

  /**
   * Runs a function of the package that would copy a byte array into the codec's memory and read it there, and lets it
   * read this block instead.
   * @param view what of it, if not all
   * @param read is given the array to pass on
   */
  readBy<T>(view: CodecView | undefined, read: (placeholder: Uint8Array) => T): T {
    const api = this.#api;
    if (api === undefined) throw new Error("the block is in no instance");
    const { start, end, changes } = view ?? { start: 0, end: this.length, changes: [] };
    const before = changes.map(({ at, bytes }) => ({ at, bytes: this.view().slice(at, at + bytes.length) }));
    this.write(changes);
    try {
      return readInPlace(api, this.#pointer + start, end - start, read);
    } finally {
      // The file may be read once more, by another instance.
      this.write(before.toReversed());
    }
  }

  /** Puts bytes over the block's. */
  write(changes: CodecView["changes"]): void {
    const file = this.view();
    for (const { at, bytes } of changes) file.set(bytes, at);
  }

  /**
   * Takes the block over to a new instance.
   * @param restart makes the instance, and says where it kept the block's bytes
   * @throws ServiceError `overloaded` if the block is another request's by now, or has no room
   */
  async survive(
    restart: (kept: MemoryPart) => Promise<{ api: MagickApi; keptAt: number }>,
  ): Promise<MagickApi> {
    const { length } = this.view();
    const { api, keptAt } = await restart({ start: this.#pointer, length });
    const pointer = api._malloc(length);
    if (pointer === 0) throw new ServiceError("overloaded", "the decoder is out of memory; try again");
    codecBytes().copyWithin(pointer, keptAt, keptAt + length);
    this.#api = api;
    this.#pointer = pointer;
    inUse.add(this);
    return api;
  }

  /** Whether the block is in the heap of this instance. */
  isIn(api: MagickApi): boolean {
    return this.#api === api;
  }

  /** Where the block is. @throws ServiceError `overloaded` if it is another request's by now */
  part(): MemoryPart {
    return { start: this.#pointer, length: this.view().length };
  }

  free(): void {
    if (inUse.delete(this)) this.#api?._free(this.#pointer);
  }
}
