/**
 * The one WASM memory that the isolate's codecs work in, one instance of one codec at a time. WASM memory cannot be
 * given back, and a memory that nobody uses stays until the garbage collector comes by: a codec instance with a memory
 * of its own could not be replaced without two of them in an isolate that has room for one. Here the next instance
 * finds the same memory, as good as new. The codecs import it (`build/codec-wasm`).
 *
 * Its maximum is a bound that holds whatever a file claims. Headers can lie and formats hide costs (a TIFF in one strip
 * takes twice what its pixels do), while an isolate above 128 MB is ended with all requests in it. When the memory
 * cannot grow, the codecs' allocations return null and their decoders give up in good order. The resize's kernels have a
 * small memory of their own and know nothing of this one.
 */

/** What a codec's module imports: `codec.memory`. */
export interface CodecImports extends WebAssembly.Imports {
  codec: { memory: WebAssembly.Memory };
}

const PAGE_BYTES = 65_536;
/** What the codecs' modules say that they need at least, static data included: the most of them. */
const INITIAL_PAGES = 256;
/** What an instance allocates while it starts, and between blocks. */
const SPARE_PAGES = 16;
/**
 * Below the platform's 128 MB by what is beside the codec: JavaScript's heap, strips of pixels, results. The picture
 * file is inside.
 */
const MAXIMUM_PAGES = Math.floor(108_000_000 / PAGE_BYTES);

let memory: WebAssembly.Memory | undefined;
/** Whether the last attempt to grow was refused. Smaller attempts follow a refused one. */
let refused = false;
/** While set, the memory does not grow, but it is noted whether it could have. */
let probe: { couldGrow: boolean } | undefined;

/** A part of the memory, bytes. */
export interface MemoryPart {
  start: number;
  length: number;
}

/**
 * The memory for a new instance; the instance before must not be used again. It is zero as far as a module's own data
 * reach, which is what an instance may count on; allocators take nothing for granted.
 * @param kept a part that is to outlive the instance: it goes to the memory's end, out of the new instance's way
 * @returns the imports, and where the kept part is now
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
 * Where a part of the memory begins that is at its end, clear of a new instance and of a block of the same length in it.
 * For when there is no instance.
 */
export function roomAtEnd(length: number): number {
  memory ??= makeMemory();
  const missing = INITIAL_PAGES + Math.ceil((2 * length) / PAGE_BYTES) + SPARE_PAGES - pagesOf(memory);
  if (missing > 0) memory.grow(missing);
  return memory.buffer.byteLength - length;
}

/** The whole memory as it is: valid until it grows. */
export function codecBytes(): Uint8Array<ArrayBuffer> {
  return new Uint8Array((memory ??= makeMemory()).buffer as ArrayBuffer);
}

function pagesOf({ buffer }: WebAssembly.Memory): number {
  return buffer.byteLength / PAGE_BYTES;
}

function makeMemory(): WebAssembly.Memory {
  const made = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAXIMUM_PAGES });
  const grow = made.grow.bind(made);
  // The codecs' glue grows the memory through this method; dav1d, which has none, grows it itself and says what it lacked.
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

/** Says that memory was refused elsewhere, in a file that would have taken its place. */
export function noteRefusal(): void {
  refused = true;
}

/** Whether the maximum has stood in the way since it was last asked. */
export function takeRefusal(): boolean {
  const was = refused;
  refused = false;
  return was;
}

/**
 * Whether an allocation would succeed. The memory does not grow for the question.
 * @param allocate tries it, and frees what it got
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
