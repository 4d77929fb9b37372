/**
 * Finds the fields of a JSON object in its bytes, so that a large object can be passed on without being parsed, which
 * would take several times its length.
 */
import type { Pauses } from "../runtime/sharing/pauses.ts";
import { CLOSE_LIST, CLOSE_OBJECT, COLON, COMMA, OPEN_LIST, OPEN_OBJECT, QUOTE } from "./json-bytes.ts";
import { endOfString } from "./lift-strings.ts";

/** Cost of looking through a byte, in characters of a text. */
const COST = 1 / 256;

/**
 * @param json a valid object
 * @returns the JSON of each field's value, by its name: views of `json`
 * @throws ClientGoneError
 */
export async function fieldsOfJson(
  json: Uint8Array<ArrayBuffer>,
  pauses: Pauses,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const fields = new Map<string, Uint8Array<ArrayBuffer>>();
  let depth = 0;
  let name: string | undefined;
  let value = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) {
      const start = at;
      at = endOfString(json, start + 1);
      if (at === -1) break;
      if (depth === 1 && name === undefined) name = parsed(json.subarray(start, at + 1));
      if (pauses.isDue(COST * (at - start))) await pauses.pause();
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth--;
    else if (byte === COLON && depth === 1) value = at + 1;
    const isOver = (byte === COMMA && depth === 1) || (byte === CLOSE_OBJECT && depth === 0);
    if (!isOver || name === undefined) continue;
    fields.set(name, json.subarray(value, at));
    name = undefined;
  }
  return fields;
}

function parsed(json: Uint8Array): string {
  return JSON.parse(new TextDecoder().decode(json)) as string;
}
