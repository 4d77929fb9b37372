/**
 * Reads the pickle in a `torch.save` file as data. A pickle is a program that can call any function. This reader knows
 * only tensors, plain containers and scalars, and calls nothing: it interprets the names in `ALLOWED_GLOBALS` itself
 * and refuses all others. Opcodes: CPython's `pickletools`, protocols 2 to 5.
 */

/** A tensor's place in a storage, as `torch._utils._rebuild_tensor_v2` receives it. */
export class PickledTensor {
  readonly storage: PickledStorage;
  readonly offset: number;
  readonly shape: number[];
  readonly stride: number[];

  constructor(storage: PickledStorage, offset: number, shape: number[], stride: number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.stride = stride;
  }
}

/** A storage in the zip: `type` such as `FloatStorage`, `key` the entry's name below `data/`. */
class PickledStorage {
  readonly type: string;
  readonly key: string;
  readonly elements: number;

  constructor(type: string, key: string, elements: number) {
    this.type = type;
    this.key = key;
    this.elements = elements;
  }
}

class Global {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

const MARK = Symbol("mark");
const MAX_STACK = 1_000_000;

/** Names that a pickle may contain, besides those that match `STORAGE`. */
const ALLOWED_GLOBALS = new Set([
  "collections.OrderedDict",
  "torch.Size",
  "torch._utils._rebuild_parameter",
  "torch._utils._rebuild_tensor",
  "torch._utils._rebuild_tensor_v2",
]);
const STORAGE = /^torch\.(\w+Storage)$/;

/**
 * @returns numbers, strings, booleans, null, arrays (lists and tuples), Maps (dicts), tensors, storages
 * @throws Error with a reason: a name that is not allowed, an unknown opcode, a malformed or truncated program
 */
export function unpickle(bytes: Uint8Array): unknown {
  return new Unpickler(bytes).run();
}

class Unpickler {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): unknown {
    for (;;) {
      const opcode = this.#take(1)[0] ?? 0;
      if (opcode === 0x2e) return this.#pop(); // STOP
      this.#step(opcode);
      if (this.#stack.length > MAX_STACK) throw new Error("its pickle is nested too deep");
    }
  }

  /** One instruction; the comment is its name in `pickletools`. */
  #step(opcode: number): void {
    switch (opcode) {
      case 0x80: // PROTO
        return void this.#take(1);
      case 0x95: // FRAME
        return void this.#take(8);
      case 0x28: // MARK
        return this.#push(MARK);
      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
        return this.#push(true);
      case 0x89: // NEWFALSE
        return this.#push(false);
      case 0x4b: // BININT1
        return this.#push(this.#unsigned(1));
      case 0x4d: // BININT2
        return this.#push(this.#unsigned(2));
      case 0x4a: // BININT
        return this.#push(this.#view.getInt32(this.#skip(4), true));
      case 0x8a: // LONG1
        return this.#push(this.#long(this.#unsigned(1)));
      case 0x47: // BINFLOAT
        return this.#push(this.#view.getFloat64(this.#skip(8), false));
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(this.#text(this.#unsigned(1)));
      case 0x58: // BINUNICODE
        return this.#push(this.#text(this.#unsigned(4)));
      case 0x7d: // EMPTY_DICT
        return this.#push(new Map());
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        return this.#push([]);
      case 0x74: // TUPLE
        return this.#push(this.#popToMark());
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#push(this.#popMany(opcode - 0x84));
      case 0x61: // APPEND
        return this.#append(this.#popMany(1));
      case 0x65: // APPENDS
        return this.#append(this.#popToMark());
      case 0x73: // SETITEM
        return this.#setItems(this.#popMany(2));
      case 0x75: // SETITEMS
        return this.#setItems(this.#popToMark());
      case 0x71: // BINPUT
        return void this.#memo.set(this.#unsigned(1), this.#top());
      case 0x72: // LONG_BINPUT
        return void this.#memo.set(this.#unsigned(4), this.#top());
      case 0x94: // MEMOIZE
        return void this.#memo.set(this.#memo.size, this.#top());
      case 0x68: // BINGET
        return this.#push(this.#recall(this.#unsigned(1)));
      case 0x6a: // LONG_BINGET
        return this.#push(this.#recall(this.#unsigned(4)));
      case 0x63: // GLOBAL
        return this.#push(allowedGlobal(`${this.#line()}.${this.#line()}`));
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.#popMany(2);
        return this.#push(allowedGlobal(`${String(module)}.${String(name)}`));
      }
      case 0x51: // BINPERSID
        return this.#push(persistentStorage(this.#pop()));
      case 0x52: {
        // REDUCE
        const [callable, parameters] = this.#popMany(2);
        return this.#push(rebuild(callable, parameters));
      }
      case 0x62: // BUILD: attributes of an OrderedDict, such as state_dict's _metadata, which do not affect weights
        this.#pop();
        if (!(this.#top() instanceof Map))
          throw new Error("its pickle sets the state of an object that is not a dict");
        return;
      default:
        throw new Error(`its pickle uses opcode 0x${opcode.toString(16)}, which no checkpoint needs`);
    }
  }

  #skip(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.byteLength) throw new Error("its pickle is truncated");
    this.#at += length;
    return at;
  }

  #take(length: number): Uint8Array {
    const at = this.#skip(length);
    return this.#bytes.subarray(at, at + length);
  }

  #unsigned(length: 1 | 2 | 4): number {
    return this.#take(length).reduceRight((value, byte) => value * 256 + byte, 0);
  }

  /** Two's complement, little-endian, of any length. */
  #long(length: number): number {
    const bytes = this.#take(length);
    let value = 0n;
    for (const [i, byte] of bytes.entries()) value |= BigInt(byte) << BigInt(8 * i);
    return Number(BigInt.asIntN(8 * length, value));
  }

  #text(length: number): string {
    return new TextDecoder().decode(this.#take(length));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end === -1) throw new Error("its pickle is truncated");
    const text = this.#text(end - this.#at);
    this.#skip(1);
    return text;
  }

  #push(value: unknown): void {
    this.#stack.push(value);
  }

  #top(): unknown {
    if (this.#stack.length === 0) throw new Error("its pickle is malformed: the stack is empty");
    return this.#stack.at(-1);
  }

  #pop(): unknown {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #popMany(count: number): unknown[] {
    if (this.#stack.length < count) throw new Error("its pickle is malformed: the stack is too short");
    return this.#stack.splice(this.#stack.length - count);
  }

  #popToMark(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark === -1) throw new Error("its pickle is malformed: no mark");
    return this.#stack.splice(mark).slice(1);
  }

  #append(values: unknown[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw new Error("its pickle appends to an object that is not a list");
    for (const value of values) list.push(value);
  }

  #setItems(pairs: unknown[]): void {
    const dict = this.#top();
    if (!(dict instanceof Map)) throw new Error("its pickle sets items of an object that is not a dict");
    if (pairs.length % 2 !== 0) throw new Error("its pickle sets a key without a value");
    for (let i = 0; i < pairs.length; i += 2) dict.set(pairs[i], pairs[i + 1]);
  }

  #recall(index: number): unknown {
    if (!this.#memo.has(index)) throw new Error("its pickle reads a memo entry that it never wrote");
    return this.#memo.get(index);
  }
}

function allowedGlobal(name: string): Global {
  if (!ALLOWED_GLOBALS.has(name) && !STORAGE.test(name)) {
    throw new Error(`its pickle names ${name}, which is neither a tensor nor a plain container: refused`);
  }
  return new Global(name);
}

/** `("storage", torch.FloatStorage, "17", "cpu", 512)`: torch's persistent id. */
function persistentStorage(id: unknown): PickledStorage {
  const [kind, type, key, , elements] = Array.isArray(id) ? (id as unknown[]) : [];
  const [, name] = STORAGE.exec(type instanceof Global ? type.name : "") ?? [];
  if (kind !== "storage" || name === undefined || typeof key !== "string" || typeof elements !== "number") {
    throw new Error("its pickle refers to an object that is not a storage");
  }
  return new PickledStorage(name, key, elements);
}

function rebuild(callable: unknown, parameters: unknown): unknown {
  const [first, offset, shape, stride] = Array.isArray(parameters) ? (parameters as unknown[]) : [];
  switch (callable instanceof Global ? callable.name : "") {
    case "collections.OrderedDict":
      // torch adds the items afterwards; items passed here would be lost.
      if (!Array.isArray(parameters) || parameters.length > 0) break;
      return new Map();
    case "torch.Size":
    case "torch._utils._rebuild_parameter":
      return first;
    case "torch._utils._rebuild_tensor":
    case "torch._utils._rebuild_tensor_v2":
      if (!(first instanceof PickledStorage) || !isSize(offset) || !sizes(shape) || !sizes(stride)) break;
      return new PickledTensor(first, offset, shape, stride);
  }
  throw new Error("its pickle calls a function with wrong arguments");
}

function sizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isSize);
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
