/**
 * The one WASM memory that all codecs of the isolate share. One instance of one codec uses it at a time. The codecs
 * import it (`build/codec-wasm`).
 *
 * WASM memory never shrinks, and an unused memory stays until the garbage collector runs. If each codec instance had
 * its own memory, replacing an instance would need room for two in an isolate that has room for one. With a shared
 * memory, the next instance reuses the same one.
 *
 * The memory's maximum bounds every picture, whatever its file claims. Headers can lie, and some formats hide costs: a
 * TIFF in one strip takes twice the size of its pixels. The runtime ends an isolate above 128 MB with all requests in
 * it. When the memory cannot grow, the codecs' allocations return null and their decoders report an error. The resize
 * kernels have a small memory of their own and do not use this one.
 */

/** What a codec's module imports: `codec.memory`. */
export interface CodecImports extends WebAssembly.Imports {
  codec: { memory: WebAssembly.Memory };
}

const PAGE_BYTES = 65_536;
/** The largest initial size that any codec module declares, static data included. */
const INITIAL_PAGES = 256;
/** Room for what an instance allocates at its start and between blocks. */
const SPARE_PAGES = 16;
/**
 * Less than the platform's 128 MB, to leave room for what is outside this memory: JavaScript's heap, strips of pixels,
 * results. The picture file is inside.
 */
const MAXIMUM_PAGES = Math.floor(108_000_000 / PAGE_BYTES);

let memory: WebAssembly.Memory | undefined;
/** True if the last attempt to grow was refused. The codec may try smaller sizes after that. */
let refused = false;
/** While set, the memory does not grow; the attempt only records whether it could have grown. */
let probe: { couldGrow: boolean } | undefined;

/** A part of the memory, bytes. */
export interface MemoryPart {
  start: number;
  length: number;
}

/**
 * Prepares the memory for a new instance; the instance before must not be used again. It zeroes the range of the
 * module's own data, which an instance relies on. Allocators do not rely on zeros.
 * @param kept a part that must outlive the instance; it moves to the memory's end, out of the new instance's way
 * @returns the imports, and the kept part's new address
 */
export function codecImports(kept?: MemoryPart): { imports: CodecImports; keptAt: number } {
  const own = (memory ??= makeMemory());
  const keptAt = kept === undefined ? 0 : roomAtEnd(kept.length);
  const bytes = codecBytes();
  if (kept !== undefined) bytes.copyWithin(keptAt, kept.start, kept.start + kept.length);
  bytes.fill(0, 0, INITIAL_PAGES * PAGE_BYTES);
  refused = false;
  return { imports: { codec: { memory: own } }, keptAt };
}

/**
 * Start of a free part at the memory's end. It leaves room for a new instance that holds a block of the same length.
 * Call it only while there is no instance.
 */
export function roomAtEnd(length: number): number {
  memory ??= makeMemory();
  const missing = INITIAL_PAGES + Math.ceil((2 * length) / PAGE_BYTES) + SPARE_PAGES - pagesOf(memory);
  if (missing > 0) memory.grow(missing);
  return memory.buffer.byteLength - length;
}

/** The whole memory as bytes, valid until it grows. */
export function codecBytes(): Uint8Array<ArrayBuffer> {
  return new Uint8Array((memory ??= makeMemory()).buffer as ArrayBuffer);
}

function pagesOf({ buffer }: WebAssembly.Memory): number {
  return buffer.byteLength / PAGE_BYTES;
}

function makeMemory(): WebAssembly.Memory {
  const made = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAXIMUM_PAGES });
  const grow = made.grow.bind(made);
  // The codecs' glue code grows the memory through this method. dav1d has no glue code: it grows the memory itself and
  // reports what was refused.
  made.grow = (pages) => {
    if (probe !== undefined) {
      probe.couldGrow = made.buffer.byteLength + pages * PAGE_BYTES <= MAXIMUM_PAGES * PAGE_BYTES;
      throw new RangeError("only asking");
    }
    refused = true;
    const before = grow(pages);
    refused = false;
    return before;
  };
  return made;
}

/** Size of the memory, bytes; 0 before the first picture. */
export function codecMemoryBytes(): number {
  return memory?.buffer.byteLength ?? 0;
}

/** Records that a file was refused memory outside this memory. */
export function noteRefusal(): void {
  refused = true;
}

/** True if memory was refused since the last call. */
export function takeRefusal(): boolean {
  const was = refused;
  refused = false;
  return was;
}

/**
 * True if an allocation of this size would succeed. The test does not grow the memory.
 * @param allocate tries the allocation and frees the result
 */
export function wouldFit(allocate: () => boolean): boolean {
  const asked = { couldGrow: false };
  probe = asked;
  try {
    return allocate() || asked.couldGrow;
  } finally {
    probe = undefined;
  }
}
