/**
 * Every format gives the tensors of the real files. The `.pt` files have the pickles that torch wrote
 * (`test/fixtures/torch`); their storages are regenerated.
 */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Checkpoint } from "../../build/checkpoint/checkpoint.ts";
import { openCheckpoint } from "../../build/checkpoint/open-checkpoint.ts";
import { SYNTHETIC_MODELS, type SyntheticModel } from "../../build/synthetic/configs.ts";
import { writeSynthetic } from "../../build/synthetic/write-synthetic.ts";
import { writeTorchFixture } from "../support/models/torch-fixture.ts";

/**
 * SHA-256 over names (sorted), shapes and float32 values of all 82 tensors, computed from the three files of `tiny`
 * that open_clip, safetensors and torch wrote. All three gave this hash.
 */
const REAL_TENSORS = "55fcf6a0687f10be1b6536aebb04d5ab2fbdf8684dee5f80c33f1a2bec281243";

const TINY = SYNTHETIC_MODELS["tiny"] as SyntheticModel;
const FORMATS = ["safetensors", "bin", "state-dict", "wrapped"] as const;
const paths = new Map<string, string>();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
  for (const format of ["safetensors", "bin"] as const) {
    paths.set(format, await writeSynthetic(join(folder, format), TINY, format));
  }
  for (const pickle of ["state-dict", "wrapped"] as const) {
    paths.set(pickle, join(folder, `${pickle}.pt`));
    await writeTorchFixture(join(folder, `${pickle}.pt`), pickle);
  }
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function withCheckpoint(format: string, use: (checkpoint: Checkpoint) => Promise<void>): Promise<void> {
  const checkpoint = await openCheckpoint(paths.get(format) ?? "");
  try {
    await use(checkpoint);
  } finally {
    await checkpoint.close();
  }
}

describe.each(FORMATS)("tiny as %s", (format) => {
  it("has the real files' tensors", async () => {
    await withCheckpoint(format, async (checkpoint) => {
      expect(checkpoint.tensors.size).toBe(82);
      const hash = createHash("sha256");
      for (const name of [...checkpoint.tensors.keys()].toSorted()) {
        hash.update(name + JSON.stringify(checkpoint.tensors.get(name)?.shape));
        hash.update(await checkpoint.read(name));
      }
      expect(hash.digest("hex")).toBe(REAL_TENSORS);
    });
  });

  it("reads in rows what it reads whole", async () => {
    await withCheckpoint(format, async (checkpoint) => {
      const name = "token_embedding.weight";
      const [rows = 0, width = 0] = checkpoint.tensors.get(name)?.shape ?? [];
      const whole = await checkpoint.read(name);
      for (const [start, end] of [
        [0, 1],
        [100, 164],
        [rows - 1, rows],
        [7, 7],
      ] as const) {
        const expected = whole.subarray(start * width, end * width);
        expect(await checkpoint.readRows(name, start, end), `${start} to ${end}`).toEqual(expected);
      }
    });
  });

  it("finds a sound table sound, however often it is read", async () => {
    await withCheckpoint(format, async (checkpoint) => {
      await readTable(checkpoint);
      await expect(readTable(checkpoint)).resolves.toBeUndefined();
    });
  });

  it("refuses rows that a tensor does not have", async () => {
    await withCheckpoint(format, async (checkpoint) => {
      // The shapes are [64, 32], [64] and []. The bytes after each of them in the file belong to another tensor.
      await expect(checkpoint.readRows("text_projection", 63, 65)).rejects.toThrow(
        "tensor text_projection [64, 32] has no rows 63 to 65",
      );
      await expect(checkpoint.readRows("ln_final.bias", -1, 1)).rejects.toThrow("has no rows -1 to 1");
      await expect(checkpoint.readRows("ln_final.bias", 2, 1)).rejects.toThrow("has no rows 2 to 1");
      await expect(checkpoint.readRows("logit_scale", 0, 1)).rejects.toThrow(
        "tensor logit_scale [] has no rows 0 to 1",
      );
      await expect(checkpoint.readRows("nothing", 0, 1)).rejects.toThrow("there is no tensor nothing");
    });
  });

  it("names the file when it is read after closing", async () => {
    const checkpoint = await openCheckpoint(paths.get(format) ?? "");
    await checkpoint.close();
    await expect(checkpoint.read("ln_final.bias")).rejects.toThrow(/tensor ln_final\.bias cannot be read/);
  });
});

/** Reads all rows of the token table in order, some at a time. */
async function readTable(checkpoint: Checkpoint): Promise<void> {
  const name = "token_embedding.weight";
  const [rows = 0] = checkpoint.tensors.get(name)?.shape ?? [];
  const chunk = 10_000;
  for (let start = 0; start < rows; start += chunk) {
    await checkpoint.readRows(name, start, Math.min(rows, start + chunk));
  }
}

/** The `.bin` with one bit of its token table changed. */
async function damaged(): Promise<Checkpoint> {
  const bytes = await readFile(paths.get("bin") ?? "");
  // The table is by far the largest tensor, so it contains the middle of the file.
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  const path = join(folder, "damaged.bin");
  await writeFile(path, bytes);
  return await openCheckpoint(path);
}

describe("a torch file with one changed byte in the token table", () => {
  it("is noticed by reading all rows in order, though never at once", async () => {
    const checkpoint = await damaged();
    await expect(readTable(checkpoint)).rejects.toThrow("tensor token_embedding.weight is damaged");
    // A second pass starts its checksum anew.
    await expect(readTable(checkpoint)).rejects.toThrow("tensor token_embedding.weight is damaged");
    await checkpoint.close();
  });

  it("does not disturb other tensors or rows that are read alone", async () => {
    const checkpoint = await damaged();
    await checkpoint.read("text_projection");
    expect((await checkpoint.readRows("token_embedding.weight", 5, 6)).length).toBe(64);
    await checkpoint.close();
  });
});
