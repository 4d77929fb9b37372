/**
 * Pickled tensors of every kind that training code writes. Each is read, ignored, or refused with the tensor's name.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Checkpoint } from "../../build/checkpoint/checkpoint.ts";
import { openCheckpoint } from "../../build/checkpoint/open-checkpoint.ts";
import { StoredZip } from "../../build/synthetic/stored-zip.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

// Pickles written by hand. Characters are bytes; the names of opcodes are those of `pickletools`.
const text = (value: string): string => `X${String.fromCharCode(value.length)}\0\0\0${value}`; // BINUNICODE
const int = (value: number): string => `K${String.fromCharCode(value)}`; // BININT1
const tuple = (...items: string[]): string => `(${items.join("")}t`; // MARK, TUPLE
const dict = (items: Record<string, string>): string =>
  `}(${Object.entries(items)
    .map(([key, value]) => text(key) + value)
    .join("")}u`; // EMPTY_DICT, MARK, SETITEMS
const ORDERED_DICT = "ccollections\nOrderedDict\n)R"; // GLOBAL, EMPTY_TUPLE, REDUCE
const ATTRIBUTES = `${dict({ _metadata: dict({ version: int(1) }) })}b`; // BUILD
const program = (body: string): string => `\x80\x02${body}.`; // PROTO, STOP

interface Tensor {
  type?: string;
  key?: string;
  elements?: number;
  offset?: string;
  shape?: number[];
  stride?: number[];
}

/** By default, a tensor of shape [2, 3] in a storage of six elements. */
function tensor(options: Tensor = {}): string {
  const { type = "FloatStorage", key = "0", elements = 6, offset = int(0) } = options;
  const { shape = [2, 3], stride = [3, 1] } = options;
  const storage = `${tuple(text("storage"), `ctorch\n${type}\n`, text(key), text("cuda:0"), int(elements))}Q`;
  const sizes = (values: number[]): string => tuple(...values.map(int));
  const parameters = tuple(storage, offset, sizes(shape), sizes(stride), "\x89", ORDERED_DICT);
  return `ctorch._utils\n_rebuild_tensor_v2\n${parameters}R`;
}

const SIX = Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);

async function open(pickle: string, entries: Record<string, Uint8Array> = {}): Promise<Checkpoint> {
  const path = join(folder, "tensors.pt");
  const zip = await StoredZip.create(path);
  await zip.add("any/data.pkl", Buffer.from(pickle, "latin1"));
  for (const [name, bytes] of Object.entries({ "data/0": SIX, ...entries })) {
    await zip.add(`any/${name}`, bytes);
  }
  await zip.close();
  return await openCheckpoint(path);
}

async function readAll(checkpoint: Checkpoint): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {};
  for (const name of checkpoint.tensors.keys()) found[name] = [...(await checkpoint.read(name))];
  await checkpoint.close();
  return found;
}

describe("a torch file", () => {
  it("may hold views that share a storage", async () => {
    const views = {
      whole: tensor(),
      tail: tensor({ offset: int(2), shape: [4], stride: [1] }),
      column: tensor({ offset: int(4), shape: [2, 1], stride: [1, 9] }),
    };
    const found = await readAll(await open(program(dict(views))));
    expect(found).toEqual({ whole: [1, 2, 3, 4, 5, 6], tail: [3, 4, 5, 6], column: [5, 6] });
  });

  it("may hold parameters, and a dict with attributes", async () => {
    const parameter = `ctorch._utils\n_rebuild_parameter\n${tuple(tensor(), "\x88", ORDERED_DICT)}R`;
    const body = `${ORDERED_DICT}(${text("w")}${parameter}u${ATTRIBUTES}`;
    expect(await readAll(await open(program(body)))).toEqual({ w: [1, 2, 3, 4, 5, 6] });
  });

  it("may be a training checkpoint: what is beside the weights is passed over", async () => {
    const step = tensor({ type: "LongStorage", key: "1" });
    const rates = {
      lr: "G\x3f\x50\0\0\0\0\0\0",
      betas: "K\x01K\x02\x86",
      foreach: "N",
      params: "](K\0K\x01e",
    };
    const training = {
      epoch: int(3),
      name: text("my-run"),
      state_dict: `${ORDERED_DICT}(${text("module.w")}${tensor()}u${ATTRIBUTES}`,
      optimizer: dict({ state: `}K\0${dict({ step })}s`, param_groups: `]${dict(rates)}a` }),
      scaler: dict({
        scale: rates.lr,
        growth_factor: rates.lr,
        growth_interval: "M\xd0\x07",
        _growth_tracker: int(7),
      }),
    };
    expect(await readAll(await open(program(dict(training))))).toEqual({ w: [1, 2, 3, 4, 5, 6] });
  });

  it("may say that it is little-endian", async () => {
    const checkpoint = await open(program(dict({ w: tensor() })), { byteorder: Buffer.from("little") });
    expect(Object.keys(await readAll(checkpoint))).toEqual(["w"]);
  });
});

describe("a torch file is refused", () => {
  it.each<[string, Tensor, string]>([
    [
      "a weight of integers",
      { type: "LongStorage" },
      "tensor w is a LongStorage, not float, half or bfloat16",
    ],
    ["a transposed weight", { shape: [3, 2], stride: [1, 3] }, "tensor w is not contiguous"],
    ["an expanded weight", { stride: [0, 1] }, "tensor w is not contiguous"],
    ["strides of another rank", { stride: [1] }, "tensor w is not contiguous"],
    ["a storage that is not there", { key: "7" }, "tensor w has no storage 7 in the file"],
    ["a storage of another size", { elements: 5 }, "tensor w has a storage of another size"],
    ["a view beyond its storage", { offset: int(1) }, "tensor w reaches beyond its storage"],
    ["a negative offset", { offset: "J\xff\xff\xff\xff" }, "calls a function with wrong arguments"],
    ["an offset of NaN", { offset: "G\x7f\xf8\0\0\0\0\0\0" }, "calls a function with wrong arguments"],
    ["an offset of a half", { offset: "G\x3f\xe0\0\0\0\0\0\0" }, "calls a function with wrong arguments"],
  ])("for %s", async (_, options, reason) => {
    await expect(open(program(dict({ w: tensor(options) })))).rejects.toThrow(reason);
  });

  it.each([
    ["a name that is there twice", dict({ w: tensor(), "module.w": tensor() }), "tensor w occurs twice"],
    ["a key that is no name", `}${int(1)}${tensor()}s`, "a key that is not a tensor's name"],
    [
      "a key nested half a million times",
      `})${"\x85".repeat(500_000)}${tensor()}s`,
      "a key that is not a tensor's name",
    ],
    ["a key without a value", `}(${text("w")}u`, "sets a key without a value"],
    [
      "items given to a dict as it is made",
      `ccollections\nOrderedDict\n${tuple(tuple(tuple(text("w"), tensor())))}R`,
      "calls a function with wrong arguments",
    ],
    ["an object of its own", "cargparse\nNamespace\n)\x81", "names argparse.Namespace"],
    ["something recalled but never stored", "h\x05", "reads a memo entry that it never wrote"],
    [
      "a storage that is no storage",
      `${tuple(text("module"), text("0"))}Q`,
      "refers to an object that is not a storage",
    ],
  ])("for %s", async (_, body, reason) => {
    await expect(open(program(body))).rejects.toThrow(reason);
  });

  it("for being big-endian", async () => {
    const entries = { byteorder: Buffer.from("big") };
    await expect(open(program(dict({ w: tensor() })), entries)).rejects.toThrow('byte order "big"');
  });
});
