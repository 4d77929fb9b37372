/**
 * Measures the effect of preprocessing on embeddings: embeds each picture, and the pixels that the reference made of
 * it, with the full-size model. Prints the table of `docs/benchmarks/decoder.md`. Not with `SMOKE=1`: test/decoder compares
 * the pixels themselves.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPng } from "../decoder/support/parse-png.ts";
import { cosine } from "../support/cosine.ts";
import { fullSizeModel } from "../support/models/full-size.ts";
import { post } from "../support/post.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const PICTURES = join(import.meta.dirname, "../fixtures/pictures");
const SIZE = 256;
/** The lowest allowed cosine of a picture in a lossy format, and in other formats. */
const [LOSSY, LOSSLESS] = [0.995, 0.999];

describe.runIf(process.env["SMOKE"] !== "1")("preprocessing at full size", () => {
  let workers: Workers;

  beforeAll(async () => {
    workers = await startWorkers({ model: await fullSizeModel(SIZE) });
  }, 120_000);

  afterAll(async () => {
    await workers.dispose();
  });

  async function embed(file: Uint8Array): Promise<Float32Array> {
    const input = { image: Buffer.from(file).toString("base64") };
    const { status, body } = await post(`${workers.url}/v1/embeddings`, { input });
    if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
    return Float32Array.from(body.data[0].embedding as number[]);
  }

  it("leaves every embedding where the reference's pixels put it", { timeout: 300_000 }, async () => {
    const names = (await readdir(join(PICTURES, "images"))).toSorted();
    console.log("| picture | mean difference | largest | cosine |\n|---|---|---|---|");
    for (const name of names) {
      const file = await readFile(join(PICTURES, "images", name));
      const expected = await readFile(join(PICTURES, "expected", `${name}.png`));
      const found = await (await workers.probe(`/decode?size=${SIZE}`, Uint8Array.from(file))).bytes();
      const { pixels } = readPng(expected);
      const differences = found.map((value, i) => Math.abs(value - (pixels[i] ?? 0)));
      const mean = differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
      const similarity = cosine(await embed(file), await embed(expected));
      console.log(
        `| ${name} | ${mean.toFixed(3)} | ${differences.reduce((most, difference) => Math.max(most, difference), 0)} | ${similarity.toFixed(6)} |`,
      );
      expect(similarity, name).toBeGreaterThanOrEqual(/\.jpg$|^lossy\./.test(name) ? LOSSY : LOSSLESS);
    }
  });
});
