/** Callers of the decoder that keep it busy: many at once, and some that do not read what they asked for. */
import { MagickFormat } from "@imagemagick/magick-wasm";
import type { V4WorkerOptions } from "miniflare";
import { afterEach, beforeEach, expect, it } from "vitest";
import { frameHeader } from "../../functions/runtime/bytes/file-frames.ts";
import { noiseBmp } from "../support/write-bmp.ts";
import { encodeLarge } from "./support/encode.ts";
import { decodeOne, type DecoderUnderTest, startDecoder } from "./support/start-decoder.ts";

const SIZE = 256;
const CALLS = 30;
/** Pictures of a call. */
const PICTURES = 15;

/** `POST /?size=…` framed files: `CALLS` calls with them, whose uploads stay open and whose results nobody reads. */
const SILENT: V4WorkerOptions = {
  name: "silent",
  modules: [
    {
      type: "ESModule",
      path: "silent.js",
      contents: `
export default {
  async fetch(request, { DECODER }) {
    const files = await request.bytes();
    const size = Number(new URL(request.url).searchParams.get("size"));
    const calls = Array.from({ length: ${CALLS} }, async () => {
      const [upload, results] = [new IdentityTransformStream(), new IdentityTransformStream()];
      const sent = upload.writable.getWriter().write(files).catch(() => {});
      const answer = DECODER.decode(upload.readable, size, results.writable, "silent");
      return await answer.then(() => "answered", () => "given up");
    });
    return Response.json(await Promise.all(calls));
  },
};`,
    },
  ],
  compatibilityDate: "2026-10-20",
  serviceBindings: { DECODER: "edgeclip-decoder" },
  unsafeDirectSockets: [{}],
};

let decoder: DecoderUnderTest;

beforeEach(async () => {
  decoder = await startDecoder(undefined, [SILENT]);
});

afterEach(async () => {
  await decoder.dispose();
});

it("gives up callers that do not read their pictures, and holds few of them meanwhile", async () => {
  const silent = await decoder.direct("silent");
  const files = Array.from({ length: PICTURES }, (_, seed) => noiseBmp(4, 4, seed + 1));
  const body = Buffer.concat(files.flatMap((file) => [frameHeader(file.length), file]));
  const before = await decoder.memory();
  const outcomes = fetch(`${silent.href}?size=${SIZE}`, { method: "POST", body }).then((response) =>
    response.json(),
  );
  let most = 0;
  const sampling = setInterval(() => {
    decoder.memory().then(
      (memory) => (most = Math.max(most, memory)),
      () => {},
    );
  }, 100);
  const began = performance.now();
  expect(await decodeOne(decoder, noiseBmp(8, 8, 99), SIZE)).toHaveLength(3 * SIZE ** 2);
  expect(performance.now() - began).toBeLessThan(30_000);
  expect(await outcomes).toEqual(Array.from({ length: CALLS }, () => "given up"));
  clearInterval(sampling);
  // The codec starts with the first picture.
  expect(most - before).toBeLessThan(45_000_000);
});

it("refuses pictures beyond those it lets wait, decodes the others, and goes on", async () => {
  const file = encodeLarge(MagickFormat.WebP, 1200, 900);
  const alone = await decodeOne(decoder, file, 64);
  const outcomes = (
    await Promise.all(Array.from({ length: 100 }, () => decoder.decode([file, file], 64)))
  ).flat();
  expect(outcomes).toHaveLength(200);
  const codes = outcomes.map(({ error }) => error?.code ?? "decoded");
  expect(new Set(codes)).toEqual(new Set(["decoded", "overloaded"]));
  // Those that waited, and not all: a hundred callers had one each in line.
  expect(codes.filter((code) => code === "decoded").length).toBeGreaterThanOrEqual(32);
  expect(await decodeOne(decoder, file, 64)).toEqual(alone);
});
