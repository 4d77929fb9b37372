/** The JSON text of something large, in steps between which others are answered: `JSON.stringify` of 16 MB is one. */
import { concatBytes } from "./concat-bytes.ts";
import type { Pauses } from "./pauses.ts";

/** UTF-16 code units that are encoded together. */
const PIECE_LENGTH = 65_536;
/** Writing JSON takes an eighth of what the work takes that pauses are counted by. */
const COST = 1 / 8;
/** Of lists inside of lists, each element's own are written in one go. */
const DEPTH = 2;

/**
 * The bytes of `JSON.stringify(value)`.
 * @throws ClientGoneError
 */
export async function jsonInSteps(
  value: object,
  pauses: Pauses | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const encoded: Uint8Array[] = [];
  let piece = "";
  const finish = (): void => {
    encoded.push(encoder.encode(piece));
    piece = "";
  };
  for (const text of textsOf(value, DEPTH)) {
    piece += text;
    if (piece.length > PIECE_LENGTH) finish();
    if (pauses?.isDue(COST * text.length) === true) await pauses.pause();
  }
  finish();
  return concatBytes(encoded);
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
