/** `model:verify` on a small model with outliers: what it finds, what it prints, how it exits. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ortGraphs } from "../../scripts/towers/ort-graphs.ts";
import { exampleSamples } from "../../scripts/towers/samples.ts";
import { buildSynthetic } from "../support/models/synthetic-model.ts";

const CLI = join(import.meta.dirname, "../../scripts/models/verify.ts");

interface Run {
  code: number;
  output: string;
}

describe("model:verify", () => {
  let folder: string;
  let plain: { out: string; checkpoint: string };
  let promoted: { out: string };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
    const calibration = { open: await ortGraphs(), samples: exampleSamples(3), floor: 0.999 };
    plain = await buildSynthetic("mini", join(folder, "plain"), { outliers: true, shardBytes: 300_000 });
    promoted = await buildSynthetic("mini", join(folder, "promoted"), { outliers: true, calibration });
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  function verify(model: string, ...options: string[]): Promise<Run> {
    const plot = ["--plot", join(folder, "plot.png")];
    const parts = [CLI, model, "--checkpoint", plain.checkpoint, ...plot, ...options];
    return new Promise((resolve) => {
      execFile(process.execPath, parts, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
      });
    });
  }

  it("names what is below the floor in a model that was not measured", async () => {
    const { code, output } = await verify(plain.out);
    expect(output).toContain(
      "below 0.999: the image tower's embedding, resblocks.0, the text tower's embedding",
    );
    expect(output).toMatch(/resblocks\.0 +0\.997\d+ +\d\.\d+ % +2\d\.\d dB/);
    expect(code).toBe(1);
  });

  it("passes the promoted one, with a line for every block, and draws them", async () => {
    const { code, output } = await verify(promoted.out, "--samples", "3");
    expect(output).toContain("is verified: every cosine is at least 0.999");
    expect(output.match(/^(stages|resblocks)\.\S+ +0\.999/gm)).toHaveLength(10);
    expect(code).toBe(0);
    const png = await readFile(join(folder, "plot.png"));
    expect(png.subarray(1, 4).toString("latin1")).toBe("PNG");
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1440, 880]);
  });

  it("finds that a block alone is exact where nothing was quantized", async () => {
    const options = { outliers: true, precision: "fp32" as const };
    const { out } = await buildSynthetic("mini", join(folder, "exact"), options);
    const { code, output } = await verify(out, "--floor", "0.9999999");
    expect(output.match(/^\S+ +1\.000000 +0\.000 %/gm)).toHaveLength(14);
    expect(code).toBe(0);
  });

  it("refuses a damaged shard, and options that make no sense", async () => {
    const { out } = await buildSynthetic("mini", join(folder, "damaged"), { outliers: true });
    const file = join(out, "image-00.data");
    const bytes = await readFile(file);
    await writeFile(file, bytes.with(5000, 1 ^ (bytes[5000] ?? 0)));
    const damaged = await verify(out);
    expect(damaged.output).toContain("image-00.data: its SHA-256 is not the manifest's");
    expect(damaged.code).toBe(1);
    expect((await verify(out, "--samples", "13")).output).toContain("there are 1 to 12");
    expect((await verify(out, "--floor", "2")).output).toContain("it is a cosine below 1");
  });
});
