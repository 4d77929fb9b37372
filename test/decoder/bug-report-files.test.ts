/**
 * Files as found in the wild, odd in ways that public bug reports describe (`test/fixtures/wild`). They go through the
 * whole service. Each must give the embedding of the picture that it should be read as, or the right refusal.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cosine } from "../support/cosine.ts";
import { post } from "../support/post.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const WILD = join(import.meta.dirname, "../fixtures/wild");
const MIN_COSINE = 0.995;

let workers: Workers;

beforeAll(async () => {
  workers = await startWorkers();
});

afterAll(async () => {
  await workers.dispose();
});

async function embed(name: string): ReturnType<typeof post> {
  const image = (await readFile(join(WILD, name))).toString("base64");
  return await post(`${workers.url}/v1/embeddings`, { input: [{ image }] });
}

async function embedding(name: string): Promise<number[]> {
  const { status, body } = await embed(name);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data[0].embedding;
}

describe("a file from the wild", () => {
  it.each<[file: string, right: string]>([
    ["leak-old-style-jpeg.tiff", "leak-old-style-jpeg.right.png"],
    ["leak-old-style-jpeg.tiff", "leak-old-style-jpeg.right.png"],
    // This file must come after the two above, which make the codec leak memory.
    ["leak-victim-12mp.webp", "leak-victim-12mp.right.png"],
    ["png-1-byte-after-zlib.png", "right.png"],
    ["png-extra-idat.png", "right.png"],
    ["png-exif6-long-big-endian.png", "right-turned.png"],
    ["jpeg-no-eoi-trailer.jpg", "right-jpeg.png"],
    ["jpeg-junk-between-segments.jpg", "right-jpeg.png"],
    ["bmp32-one-reserved-byte.bmp", "right.png"],
    ["bmp-bfsize-minus-14.bmp", "right.png"],
    ["webp-anim-opaque-first-frame.webp", "right-webp-anim.png"],
    ["gif-zero-between-blocks.gif", "right-gif.png"],
    ["tiff-private-tag-bad-offset.tif", "right.png"],
    ["animated-4-frames.webp", "animated-4-frames.right.png"],
    ["tiff-white-is-zero-2bit.tiff", "tiff-white-is-zero-2bit.right.png"],
    ["avif-premultiplied.avif", "right-semi.png"],
    ["avif-nclx-full-bitstream-limited.avif", "avif-nclx-full-bitstream-limited.right.png"],
    ["tiff-bad-next-ifd.tiff", "tiff-bad-next-ifd.right.png"],
  ])("%s is read as %s", async (file, right) => {
    expect(cosine(await embedding(file), await embedding(right))).toBeGreaterThanOrEqual(MIN_COSINE);
  });

  it("tiff-zstd.tif is refused for its compression", async () => {
    const { status, body } = await embed("tiff-zstd.tif");
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: "unsupported_image_format" });
    expect(body.error.message).toContain("zstd");
  });
});
