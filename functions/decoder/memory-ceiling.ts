/**
 * A bound on the codec's WASM memory that holds whatever a file claims. Headers can lie and formats hide costs (a TIFF
 * in one strip takes twice what its pixels do), while an isolate above 128 MB is ended with all requests in it. The
 * codec's heap grows through `WebAssembly.Memory.grow`; when that fails, its allocations return null and its decoders
 * give up in good order. The memory object itself is out of reach inside the package, hence the prototype: this
 * isolate has no other WASM.
 */

/**
 * Bytes. Below the platform's 128 MB by what is beside the heap: JavaScript's own, strips of pixels, results. The
 * picture file is inside the heap.
 */
const CODEC_MEMORY_LIMIT = 108_000_000;
const PAGE_BYTES = 65_536;

/** Whether the last attempt to grow was refused. Smaller attempts follow a refused one. */
let refused = false;
let installed = false;

/** Sets the bound for every WASM memory of the isolate, once. */
export function installMemoryCeiling(): void {
  if (installed) return;
  installed = true;
  const { prototype } = WebAssembly.Memory;
  const grow = Reflect.get(prototype, "grow") as (pages: number) => number;
  const bounded = function (this: WebAssembly.Memory, pages: number): number {
    refused = this.buffer.byteLength + pages * PAGE_BYTES > CODEC_MEMORY_LIMIT;
    if (refused) throw new RangeError("the codec's memory is at its limit");
    return grow.call(this, pages);
  };
  Reflect.set(prototype, "grow", bounded);
}

/** Says that memory was refused elsewhere, in a file that would have taken its place. */
export function noteRefusal(): void {
  refused = true;
}

/** Whether the ceiling has stood in the way since it was last asked. */
export function takeRefusal(): boolean {
  const was = refused;
  refused = false;
  return was;
}
