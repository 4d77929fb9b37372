/** The decoder, and a way to make its codec trap in the middle of a picture. */
import { CodecBlock } from "../../../../functions/decoder/codec-block.ts";
import Decoder from "../../../../functions/decoder/index.ts";
import { noteRefusal } from "../../../../functions/decoder/codec-memory.ts";
import { magickIsOpen, openMagick, soundMagick } from "../../../../functions/decoder/magick/magick.ts";
import type { MagickApi } from "../../../../functions/decoder/magick/magick-internals.ts";
import { readWithMagick } from "../../../../functions/decoder/magick/read-with-magick.ts";
import { writeDecoded } from "../../../../functions/runtime/bytes/decoded-frames.ts";
import { ByteReader } from "../../../../functions/runtime/bytes/byte-reader.ts";
import { nextFrame } from "../../../../functions/runtime/bytes/file-frames.ts";
import { rpcResult } from "../../../../functions/runtime/rpc-result.ts";

/** A request for this size makes the codec trap. No model has this size. */
const BREAKING_SIZE = 1;
/** A request for this size makes a used codec run out of memory in a trap, once. */
const EXHAUSTING_SIZE = 2;
/** An address beyond any memory: reading there traps. */
const NOWHERE = 0xfffffff0;

export default class BreakableDecoder extends Decoder {
  override async decode(
    files: ReadableStream<Uint8Array>,
    size: number,
    results: WritableStream<Uint8Array>,
    requestId: string,
  ): Promise<void> {
    if (size === EXHAUSTING_SIZE) exhaust();
    if (size !== BREAKING_SIZE) return await super.decode(files, size, results, requestId);
    const upload = new ByteReader(files);
    const bytes = (await upload.read((await nextFrame(upload)) ?? 0)) ?? new Uint8Array(0);
    const file = CodecBlock.allocateAtEnd(bytes.length);
    file.view().set(bytes);
    const magick = (await openMagick(file)) as MagickApi & {
      _MagickImage_Width_Get: (image: number) => number;
    };
    const broken = await rpcResult("decoder", requestId, async () => {
      const header = { width: 1, height: 1, coding: "baseline JPEG" } as const;
      const pixels = readWithMagick(file, "jpeg", header, size, () => {
        magick._MagickImage_Width_Get(NOWHERE);
        return new Uint8Array(0);
      });
      return { pixels };
    });
    if (magickIsOpen()) throw new Error("the broken codec was kept");
    const writer = results.getWriter();
    await writeDecoded(writer, broken);
    await writer.close();
  }
}

function exhaust(): void {
  const magick = soundMagick();
  if (magick === undefined) throw new Error("there is no used codec");
  magick._MagickImage_ReadBlob = () => {
    noteRefusal();
    throw new WebAssembly.RuntimeError("unreachable");
  };
}
