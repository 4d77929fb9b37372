/** The `data.pkl` of a state dict as `torch.save` writes it: an OrderedDict of tensors over storages `0`, `1`, … */
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
  setItems: 0x75,
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

export function pickleStateDict(
  tensors: readonly { name: string; shape: number[] }[],
  dtype: Dtype,
): Uint8Array {
  const items = tensors.flatMap(({ name, shape }, index) => [
    ...text(name),
    ...tensor(shape, String(index), dtype),
  ]);
  return Uint8Array.of(OP.proto, 2, ...orderedDict(), OP.mark, ...items, OP.setItems, OP.stop);
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
