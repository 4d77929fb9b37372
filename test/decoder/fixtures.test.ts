/** The deployed decoder against the reference's preprocessing, picture by picture. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWorkers, type Workers } from "../support/workers.ts";

const PICTURES = join(import.meta.dirname, "../fixtures/pictures");
const SIZE = 256;

/**
 * Mean absolute difference allowed, in levels. A lossless source leaves only rounding; lossy decoders differ among
 * themselves; the large photo is decoded at a fraction of its size.
 */
function tolerance(name: string): number {
  if (name === "photo_3000x2000.jpg") return 3;
  return /\.jpg$|^lossy\.|^alpha\.webp$/.test(name) ? 1.5 : 0.5;
}

let workers: Workers;

beforeAll(async () => {
  workers = await startWorkers();
});

afterAll(async () => {
  await workers.dispose();
});

async function decode(path: string): Promise<Uint8Array> {
  const response = await workers.probe(`/decode?size=${SIZE}`, new Uint8Array(await readFile(path)));
  expect(response.status, await response.clone().text()).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

describe("the decoder", async () => {
  const names = (await readdir(join(PICTURES, "images"))).toSorted();

  it.each(names)("preprocesses %s as the reference does", async (name) => {
    const found = await decode(join(PICTURES, "images", name));
    // The expected picture is a PNG of the final size: decoding it changes nothing.
    const expected = await decode(join(PICTURES, "expected", `${name}.png`));
    const differences = found.map((value, i) => Math.abs(value - (expected[i] ?? 0)));
    const mean = differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
    console.log(`${name}: mean ${mean.toFixed(3)}, max ${differences.reduce((a, b) => Math.max(a, b), 0)}`);
    expect(mean).toBeLessThanOrEqual(tolerance(name));
  });
});
