/** Checks a line of a batch's input, and counts the work in it. What its body says is the endpoint's business. */
import { MAX_CUSTOM_ID_LENGTH, MAX_LINE_MEMORY } from "../../batches/batch-limits.ts";
import type { BatchEndpoint, BatchError } from "../../batches/batch-object.ts";
import { isBlank } from "../../batches/read-lines.ts";
import { isObject } from "../../json/is-object.ts";
import { JsonWeight } from "../../json/json-weight.ts";
import { LIFTED, liftStrings } from "../../json/lift-strings.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { countWork, type CountedWork } from "./count-work.ts";

export interface CheckedLine extends CountedWork {
  customId: string;
}

/** @returns undefined for a blank line */
export function checkLine(
  bytes: Uint8Array<ArrayBuffer>,
  endpoint: BatchEndpoint,
): CheckedLine | Omit<BatchError, "line"> | undefined {
  const parsed = parseLine(bytes);
  if (parsed === undefined || "code" in parsed) return parsed;
  const { custom_id: id, method, url, body } = parsed.fields;
  if (typeof id !== "string" || id === "") return missing("custom_id", "a string that names the line");
  // An id that is very long was lifted, so that it is not seen.
  if (id.length > MAX_CUSTOM_ID_LENGTH || id.startsWith(LIFTED)) {
    return fault(
      "invalid_custom_id",
      `custom_id has more than ${MAX_CUSTOM_ID_LENGTH} characters`,
      "custom_id",
    );
  }
  if (method !== "POST") return fault("invalid_method", 'method must be "POST"', "method");
  if (url !== endpoint)
    return fault("invalid_url", `url must be "${endpoint}", the endpoint of the batch`, "url");
  if (!isObject(body)) return missing("body", "an object, the body of the request");
  return { customId: id, ...countWork(endpoint, body) };
}

type Parsed = { fields: Record<string, unknown> };

function parseLine(bytes: Uint8Array<ArrayBuffer>): Parsed | Omit<BatchError, "line"> | undefined {
  if (isBlank(bytes)) return undefined;
  try {
    const weight = new JsonWeight();
    weight.add(bytes);
    if (weight.memory > MAX_LINE_MEMORY) {
      return fault("line_too_long", `the line's values would take more than ${MAX_LINE_MEMORY / 1e6} MB`);
    }
    const json = weight.lifted > 0 ? liftStrings(bytes).json : bytes;
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(json);
    const fields: unknown = JSON.parse(text);
    return isObject(fields) ? { fields } : fault("invalid_json_line", "the line is not a JSON object");
  } catch (error) {
    const why = error instanceof ServiceError ? error.message : "the line is not valid JSON in UTF-8";
    return fault("invalid_json_line", why);
  }
}

function missing(name: string, what: string): Omit<BatchError, "line"> {
  return fault("missing_required_parameter", `${name} must be ${what}`, name);
}

/** What is wrong with a line, or with the whole input. */
export function fault(code: string, message: string, param: string | null = null): Omit<BatchError, "line"> {
  return { code, message, param };
}
