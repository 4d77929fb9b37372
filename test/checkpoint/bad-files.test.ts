/**
 * Files that are not checkpoints, or that someone has manipulated. Each is refused with a reason that names the fault.
 */
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCheckpoint } from "../../build/checkpoint/open-checkpoint.ts";
import { StoredZip } from "../../build/synthetic/stored-zip.ts";
import { writeSafetensors } from "../../build/synthetic/write-safetensors.ts";
import { writeTorchFile } from "../../build/synthetic/write-torch-file.ts";

const TENSORS = [
  { name: "a", shape: [2, 3], values: () => Float32Array.of(1, 2, 3, 4, 5, 6) },
  { name: "b", shape: [], values: () => Float32Array.of(0.5) },
];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

function safetensors(header: unknown, dataBytes = 0): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.byteLength + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.byteLength), true);
  file.set(json, 8);
  return file;
}

describe("safetensors", () => {
  it.each(["F32", "F16", "BF16"] as const)("reads back %s", async (dtype) => {
    const path = join(folder, `${dtype}.safetensors`);
    await writeSafetensors(path, TENSORS, dtype);
    const checkpoint = await openCheckpoint(path);
    expect([...(await checkpoint.read("a"))]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...(await checkpoint.readRows("a", 1, 2))]).toEqual([4, 5, 6]);
    expect([...(await checkpoint.read("b"))]).toEqual([0.5]);
    await expect(checkpoint.read("c")).rejects.toThrow("there is no tensor c");
    await checkpoint.close();
  });

  const tensor = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
  it.each([
    [
      "a header longer than the file",
      new Uint8Array([0, 0, 1, 0, 0, 0, 0, 0, 0x7b, 0x7d]),
      "the header should be at",
    ],
    [
      "a header of petabytes",
      new Uint8Array([0, 0, 0, 0, 0, 0, 8, 0, 0x7b, 0x7d]),
      "more than safetensors allows",
    ],
    ["a header that is not JSON", safetensors("{nope"), "not JSON"],
    ["a header of another shape", safetensors({ w: { dtype: "F32" } }), "malformed"],
    ["data that is cut", safetensors({ w: tensor }, 4), "truncated: tensor w"],
    ["a wrong size", safetensors({ w: { ...tensor, shape: [3] } }, 8), "tensor w [3] needs 12 bytes, has 8"],
    [
      "overlapping tensors",
      safetensors({ v: tensor, w: { ...tensor, data_offsets: [4, 12] } }, 12),
      "overlaps",
    ],
    ["an unknown dtype", safetensors({ w: { ...tensor, dtype: "I64" } }, 8), "tensor w has dtype I64"],
    [
      "something else entirely",
      new TextEncoder().encode("not a checkpoint at all"),
      "neither safetensors nor",
    ],
    ["nothing", new Uint8Array(0), "a checkpoint's head"],
  ])("refuses %s", async (_, bytes, reason) => {
    const path = join(folder, "bad.safetensors");
    await writeFile(path, bytes);
    await expect(openCheckpoint(path)).rejects.toThrow(reason);
  });
});

/** The pickle opcode GLOBAL, which names a class or function. */
const global = (module: string, name: string): string => `c${module}\n${name}\n`;

async function withPickle(pickle: string): Promise<string> {
  const path = join(folder, "pickle.pt");
  const zip = await StoredZip.create(path);
  await zip.add("pickle/data.pkl", Buffer.from(pickle, "latin1"));
  await zip.close();
  return path;
}

describe("torch files", () => {
  it.each(["F32", "F16", "BF16"] as const)("reads back %s", async (dtype) => {
    const path = join(folder, `${dtype}.bin`);
    await writeTorchFile(path, TENSORS, dtype);
    const checkpoint = await openCheckpoint(path);
    expect([...checkpoint.tensors.values()].map(({ name, shape }) => ({ name, shape }))).toEqual(
      TENSORS.map(({ name, shape }) => ({ name, shape })),
    );
    expect([...(await checkpoint.read("a"))]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...(await checkpoint.readRows("a", 1, 2))]).toEqual([4, 5, 6]);
    await checkpoint.close();
  });

  it.each([
    ["calls os.system", `\x80\x02${global("os", "system")}X\x02\0\0\0id\x85R.`, "names os.system"],
    ["calls builtins.eval", `\x80\x02${global("builtins", "eval")}.`, "names builtins.eval"],
    ["names it on the stack", "\x80\x04\x8c\x05posix\x8c\x06system\x93.", "names posix.system"],
    ["reaches through torch", `\x80\x02${global("torch.hub", "load")}.`, "names torch.hub.load"],
    ["ends early", "\x80\x02}q", "truncated"],
    ["uses an opcode no checkpoint needs", "\x80\x02i", "opcode 0x69"],
    ["holds no tensor", "\x80\x02}X\x01\0\0\0aK\x01s.", "tensor a is not a tensor"],
    ["is no dict", "\x80\x02K\x01.", "no state dict"],
    ["pops an empty stack", "\x80\x020.", "opcode 0x30"],
  ])("refuses a pickle that %s", async (_, pickle, reason) => {
    await expect(openCheckpoint(await withPickle(pickle))).rejects.toThrow(reason);
  });

  it.each([0.3, 0.7, 0.99])("refuses a file cut at %f of its length", async (fraction) => {
    const path = join(folder, "cut.bin");
    await writeTorchFile(path, TENSORS, "F32");
    await truncate(path, Math.floor((await readFile(path)).byteLength * fraction));
    await expect(openCheckpoint(path)).rejects.toThrow(/truncated|damaged|the file has/);
  });

  it("notices a changed weight", async () => {
    const path = join(folder, "changed.bin");
    await writeTorchFile(path, TENSORS, "F32");
    const bytes = await readFile(path);
    const at = bytes.indexOf(Buffer.from(Float32Array.of(1, 2, 3).buffer));
    bytes[at] = 1;
    await writeFile(path, bytes);
    const checkpoint = await openCheckpoint(path);
    await expect(checkpoint.read("a")).rejects.toThrow("tensor a is damaged");
    await checkpoint.close();
  });
});
