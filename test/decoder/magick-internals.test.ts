/** The changes to the internals of ImageMagick's package are refused for another version of the package. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { initializeImageMagick, Magick } from "@imagemagick/magick-wasm";
import { expect, it } from "vitest";
import { checkVersion } from "../../functions/decoder/magick/magick-internals.ts";

it("accepts the installed version of the package, and no other", async () => {
  const wasm = fileURLToPath(import.meta.resolve("@imagemagick/magick-wasm/magick.wasm"));
  await initializeImageMagick(await readFile(wasm));
  const installed = Magick.imageMagickVersion;
  expect(() => checkVersion(installed)).not.toThrow();
  const next = installed.replace(/7\.[\d.-]+/, "7.1.3-0");
  expect(next).not.toBe(installed);
  expect(() => checkVersion(next)).toThrow(next);
});
