/**
 * Writes the `data.pkl` of a state dict like `torch.save`: an OrderedDict of tensors in storages `0`, `1`, …, with the
 * attribute `_metadata` that `Module.state_dict()` adds, the version of each module.
 */
import type { Dtype } from "../checkpoint/checkpoint.ts";
import { elementCount } from "../checkpoint/checkpoint.ts";

const STORAGE_NAMES: Record<Dtype, string> = {
  F32: "FloatStorage",
  F16: "HalfStorage",
  BF16: "BFloat16Storage",
};

const encoder = new TextEncoder();
const OP = {
  proto: 0x80,
  global: 0x63,
  mark: 0x28,
  emptyTuple: 0x29,
  tuple: 0x74,
  reduce: 0x52,
  unicode: 0x58,
  int: 0x4a,
  newFalse: 0x89,
  persistentId: 0x51,
  emptyDict: 0x7d,
  setItems: 0x75,
  build: 0x62,
  stop: 0x2e,
} as const;

const text = (value: string): number[] => {
  const bytes = encoder.encode(value);
  return [OP.unicode, ...new Uint8Array(Uint32Array.of(bytes.length).buffer), ...bytes];
};
const int = (value: number): number[] => [OP.int, ...new Uint8Array(Int32Array.of(value).buffer)];
const global = (module: string, name: string): number[] => [
  OP.global,
  ...encoder.encode(`${module}\n${name}\n`),
];
const tuple = (...items: number[][]): number[] => [OP.mark, ...items.flat(), OP.tuple];
const orderedDict = (): number[] => [...global("collections", "OrderedDict"), OP.emptyTuple, OP.reduce];
/** Keys and values alternate. */
const setItems = (items: number[]): number[] => [OP.mark, ...items, OP.setItems];
const dict = (key: string, value: number[]): number[] => [
  OP.emptyDict,
  ...setItems([...text(key), ...value]),
];

export function pickleStateDict(
  tensors: readonly { name: string; shape: number[] }[],
  dtype: Dtype,
): Uint8Array {
  const items = tensors.flatMap(({ name, shape }, index) => [
    ...text(name),
    ...tensor(shape, String(index), dtype),
  ]);
  const attributes = dict("_metadata", metadata(tensors.map(({ name }) => name)));
  const stateDict = [...orderedDict(), ...setItems(items), ...attributes, OP.build];
  return Uint8Array.from([OP.proto, 2, ...stateDict, OP.stop]);
}

/** `{"": {"version": 1}, "visual": {"version": 1}, …}`: every module that has tensors below it. */
function metadata(names: readonly string[]): number[] {
  const modules = new Set(
    names.flatMap((name) => name.split(".").map((_, depth, parts) => parts.slice(0, depth).join("."))),
  );
  const versions = [...modules].flatMap((name) => [...text(name), ...dict("version", int(1))]);
  return [...orderedDict(), ...setItems(versions)];
}

/** `torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks)`. */
function tensor(shape: number[], key: string, dtype: Dtype): number[] {
  const storage = tuple(
    text("storage"),
    global("torch", STORAGE_NAMES[dtype]),
    text(key),
    text("cpu"),
    int(elementCount(shape)),
  );
  const stride = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  return [
    ...global("torch._utils", "_rebuild_tensor_v2"),
    ...tuple(
      [...storage, OP.persistentId],
      int(0),
      tuple(...shape.map(int)),
      tuple(...stride.map(int)),
      [OP.newFalse],
      orderedDict(),
    ),
    OP.reduce,
  ];
}
