/** The headers of a form's part (RFC 7578) that say what the part is. */
import type { MultipartPart } from "@remix-run/multipart-parser";
import { invalidForm } from "./body-errors.ts";

export interface PartHeader {
  name: string;
  /** Undefined for a field that is not a file. */
  filename: string | undefined;
  /** Lower case, without parameters; undefined if the part does not say. */
  mediaType: string | undefined;
}

/** @throws ServiceError `invalid_type` for headers that are not UTF-8, or without a name */
export function partHeader(part: MultipartPart): PartHeader {
  const { name, filename, mediaType } = decoded(part);
  if (name === undefined) throw invalidForm("a part has no name");
  return { name, filename, mediaType };
}

/** The parser decodes headers only when they are asked for. */
function decoded(part: MultipartPart): Pick<MultipartPart, keyof PartHeader> {
  try {
    const { name, filename, mediaType } = part;
    return { name, filename, mediaType };
  } catch (cause) {
    throw invalidForm("a part's headers are not UTF-8", cause);
  }
}
