/** Writes the JSON of a large value in steps, between which others are answered. `JSON.stringify` would be one step. */
import { concatBytes } from "../runtime/bytes/concat-bytes.ts";
import { freeBuffer } from "../runtime/bytes/free-buffer.ts";
import type { Pauses } from "../runtime/sharing/pauses.ts";
import { utf8Pieces } from "./utf8-pieces.ts";

/** Pauses are counted in characters of slower work; a byte of JSON takes an eighth of the time. */
const COST = 1 / 8;
/** Levels below the value whose lists and objects are written element by element; what is deeper, in one go. */
const DEPTH = 2;

/**
 * The bytes of `JSON.stringify(value)`.
 * @throws ClientGoneError
 */
export async function jsonInSteps(
  value: object,
  pauses: Pauses | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const encoded: Uint8Array<ArrayBuffer>[] = [];
  for (const piece of utf8Pieces(textsOf(value, DEPTH))) {
    encoded.push(piece.slice());
    if (pauses?.isDue(COST * piece.length) === true) await pauses.pause();
  }
  const json = concatBytes(encoded);
  for (const bytes of encoded) freeBuffer(bytes);
  return json;
}

function* textsOf(value: unknown, depth: number): Generator<string> {
  if (depth < 0 || typeof value !== "object" || value === null) yield JSON.stringify(value) ?? "null";
  else if (Array.isArray(value)) {
    let before = "[";
    for (const element of value as unknown[]) {
      yield before;
      yield* textsOf(element, depth - 1);
      before = ",";
    }
    yield before === "[" ? "[]" : "]";
  } else {
    let before = "{";
    for (const [name, field] of Object.entries(value)) {
      if (field === undefined) continue;
      yield `${before}${JSON.stringify(name)}:`;
      yield* textsOf(field, depth - 1);
      before = ",";
    }
    yield before === "{" ? "{}" : "}";
  }
}
