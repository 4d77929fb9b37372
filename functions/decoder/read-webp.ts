/**
 * Decodes WebP with jSquash's build of libwebp. Beside the picture it holds one copy of it, RGBA; ImageMagick's reader
 * holds two or three, and then 12 megapixels do not fit. One instance decodes one picture, in the codecs' memory, and
 * is then dropped.
 */
import makeWebp from "@jsquash/webp/codec/dec/webp_dec.js";
import webpWasm from "../../.generated/codecs/webp.wasm";
import { ServiceError } from "../runtime/errors.ts";
import { CodecBlock } from "./codec-block.ts";
import { codecBytes, codecImports, takeRefusal } from "./codec-memory.ts";
import type { PictureHeader } from "./formats/picture-header.ts";
import { OutOfMemory } from "./formats/pixel-limits.ts";
import { discardMagick } from "./magick/magick.ts";
import type { PixelArea } from "./preprocess/decoded-picture.ts";

/** The functions of the package's module that are used here. */
interface WebpModule {
  /** Makes an `ImageData` of a `Uint8ClampedArray`; null if decoding failed. */
  decode(file: Uint8Array): unknown;
}
type MakeModule = (options: {
  instantiateWasm: (
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance) => void,
  ) => WebAssembly.Exports;
  print: () => void;
  printErr: () => void;
}) => Promise<WebpModule>;

const RGBA = 4;

/**
 * @param file may be in a codec's heap; the heap's instance and the file are lost afterwards
 * @param use gets the picture as stored; its pixels are valid only during the call
 * @throws ServiceError `invalid_image`, `image_too_large`
 */
export async function readWebp<T>(
  file: CodecBlock,
  header: PictureHeader,
  use: (pixels: PixelArea) => T,
): Promise<T> {
  const view = header.view ?? { start: 0, end: file.length, changes: [] };
  const { start: viewStart, end: viewEnd } = view;
  file.write(view.changes);
  const part = file.part();
  discardMagick();
  const { imports, keptAt } = codecImports(part);
  takeRefusal();
  const codec = await startCodec(imports);
  let result: { value: T } | { error: unknown } | undefined;
  const restore = receiveImageData((rgba, width, height) => {
    // Catch errors here: they must not pass through the codec's own functions.
    try {
      result = { value: use(rgbaArea(rgba, width, height, header)) };
    } catch (error) {
      result = { error };
    }
  });
  let cause: unknown;
  try {
    codec.decode(codecBytes().subarray(keptAt + viewStart, keptAt + viewEnd));
  } catch (error) {
    cause = error;
  } finally {
    restore();
    // The picture may have overwritten the file by now.
    CodecBlock.forgetAll();
  }
  if (result !== undefined) {
    if ("error" in result) throw result.error;
    return result.value;
  }
  if (takeRefusal()) throw new OutOfMemory(`a WebP of ${header.width} × ${header.height} pixels`);
  throw new ServiceError("invalid_image", "the WebP cannot be decoded", { cause });
}

async function startCodec(imports: WebAssembly.Imports): Promise<WebpModule> {
  return await (makeWebp as unknown as MakeModule)({
    instantiateWasm(own, done) {
      const instance = new WebAssembly.Instance(webpWasm, { ...own, ...imports });
      done(instance);
      return instance.exports;
    },
    print: () => {},
    printErr: () => {},
  });
}

/**
 * Takes the picture from the codec without a copy. The codec ends with `new ImageData(new Uint8ClampedArray(<a view of
 * its memory>), width, height)`, which makes one copy more than fits. Until the picture arrives, these two global names
 * refer to functions of this file.
 * @returns restores the real ones
 */
function receiveImageData(use: (rgba: Uint8Array, width: number, height: number) => void): () => void {
  const names = ["Uint8ClampedArray", "ImageData"] as const;
  const real = names.map((name) => [name, Reflect.get(globalThis, name) as unknown] as const);
  const restore = (): void => {
    for (const [name, value] of real) Reflect.set(globalThis, name, value);
  };
  class View {
    readonly bytes: Uint8Array;
    constructor(bytes: Uint8Array) {
      this.bytes = bytes;
    }
  }
  // Declared as a `function` so that `new` works on it.
  function receive(view: View, width: number, height: number): void {
    restore();
    use(view.bytes, width, height);
  }
  Reflect.set(globalThis, names[0], View);
  Reflect.set(globalThis, names[1], receive);
  return restore;
}

function rgbaArea(rgba: Uint8Array, width: number, height: number, header: PictureHeader): PixelArea {
  // The frame of an animation is smaller than its canvas.
  const isRight = header.placement !== undefined || (width === header.width && height === header.height);
  // Drop alpha for lossy WebP without an alpha plane: it would be 255 everywhere.
  const channels = header.coding === "WebP" ? 3 : RGBA;
  if (!isRight)
    throw new ServiceError(
      "invalid_image",
      "the WebP's picture does not have the size that its header states",
    );
  return {
    width,
    height,
    channels,
    readArea(left, top, areaWidth, areaHeight) {
      const area = new Uint8Array(areaWidth * areaHeight * channels);
      const rowBytes = areaWidth * channels;
      for (let row = 0; row < areaHeight; row++) {
        const from = ((top + row) * width + left) * RGBA;
        if (channels === RGBA) area.set(rgba.subarray(from, from + rowBytes), row * rowBytes);
        else dropAlpha(rgba.subarray(from, from + areaWidth * RGBA), area.subarray(row * rowBytes));
      }
      return area;
    },
  };
}

function dropAlpha(rgba: Uint8Array, rgb: Uint8Array): void {
  for (let from = 0, to = 0; from < rgba.length; from += RGBA, to += 3) {
    rgb[to] = rgba[from] ?? 0;
    rgb[to + 1] = rgba[from + 1] ?? 0;
    rgb[to + 2] = rgba[from + 2] ?? 0;
  }
}
