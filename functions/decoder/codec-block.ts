/**
 * A block that this code owns in the codec's memory. It holds a picture file, or the pixels of a picture that is not
 * decoded in order. The bytes are here because the codec's heap never shrinks: the same bytes in JavaScript as well
 * would be too much for an isolate.
 */
import { ServiceError } from "../runtime/errors.ts";
import { codecBytes, type MemoryPart, roomAtEnd } from "./codec-memory.ts";
import type { CodecView } from "./formats/picture-header.ts";
import { type MagickApi, readInPlace } from "./magick/magick-internals.ts";

/** Blocks in use. A request that was ended from outside cannot free its block; the next request frees it. */
const inUse = new Set<CodecBlock>();

export class CodecBlock {
  readonly length: number;
  /** The instance whose heap holds the block; undefined if it is at the memory's end, outside any heap. */
  #api: MagickApi | undefined;
  #pointer: number;

  private constructor(api: MagickApi | undefined, pointer: number, length: number) {
    this.#api = api;
    this.#pointer = pointer;
    this.length = length;
  }

  /** Frees all blocks. Only the request that has the turn calls this, so no other request needs them. */
  static freeAll(): void {
    for (const block of inUse) block.free();
  }

  /** Keeps the blocks although their instance is gone: their bytes stay in place until the next instance starts. */
  static outliveInstance(): void {
    for (const block of inUse) block.#api = undefined;
  }

  /** Forgets all blocks, because the instance that owned them is gone. */
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

  /** A block of `length` bytes, at least 1, made while there is no instance. It is valid until one starts. */
  static allocateAtEnd(length: number): CodecBlock {
    const block = new CodecBlock(undefined, roomAtEnd(length), length);
    inUse.add(block);
    return block;
  }

  /**
   * The block's bytes in place. The view is valid until the codec's memory grows, and any of the codec's functions may
   * grow it.
   * @throws ServiceError `overloaded` if another request has taken over and freed the block
   */
  view(): Uint8Array<ArrayBuffer> {
    if (!inUse.has(this)) throw new ServiceError("overloaded", "the upload came too slowly; try again");
    return codecBytes().subarray(this.#pointer, this.#pointer + this.length);
  }

  /**
   * Runs a function of the package that would copy a byte array into the codec's memory, and makes it read this block
   * instead.
   * @param view the part of the block to read; by default all of it
   * @param read gets the array that it must pass to the package
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
      // Undo the changes: another instance may read the file again.
      this.write(before.toReversed());
    }
  }

  /** Overwrites bytes of the block. */
  write(changes: CodecView["changes"]): void {
    const file = this.view();
    for (const { at, bytes } of changes) file.set(bytes, at);
  }

  /**
   * Moves the block to a new instance.
   * @param restart makes the instance and returns where it kept the block's bytes
   * @throws ServiceError `overloaded` if another request has taken the block, or the instance has no room for it
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

  /** True if the block is in this instance's heap. */
  isIn(api: MagickApi): boolean {
    return this.#api === api;
  }

  /** Address of the block. @throws ServiceError `overloaded` if another request has taken the block */
  part(): MemoryPart {
    return { start: this.#pointer, length: this.view().length };
  }

  free(): void {
    if (inUse.delete(this)) this.#api?._free(this.#pointer);
  }
}
