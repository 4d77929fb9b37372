/** Explains a failure, and what to do about it, to a person who has not read the API's reference. */
import type { Failure, Refusal } from "./api/failure.ts";

export interface Words {
  title: string;
  detail: string;
  /** Details in small print: the field, the code, the request's id. */
  facts: [name: string, value: string][];
  /** True if the same request may succeed later. */
  mayRetry: boolean;
}

/** What to do, by the API's code. */
const ADVICE: Readonly<Record<string, string>> = {
  invalid_api_key:
    "Put one into the field “API key”, under “Model and key” at the top. Whoever runs this service makes them.",
  invalid_image: "See whether it opens on your own machine, or save it again as JPEG or PNG.",
  unsupported_image_format: "Save it as JPEG or PNG and choose it again.",
  image_too_large: "Make it smaller and choose it again.",
  request_too_large: "Send fewer or smaller pictures.",
  image_url_forbidden: "Download the picture and choose the file.",
  image_fetch_failed: "See whether the link opens in a browser, or download the picture and choose the file.",
  duplicate_label: "Take one of them away.",
  label_set_not_found: "Choose another set, or store one under this name.",
  label_set_model_mismatch: "Choose the model that the set was stored with, or store it again with this one.",
  model_not_found: "Choose another model.",
  vector_store_not_found: "Choose another one.",
  store_model_mismatch: "Make a store for the model that is served now, and add the pictures to it.",
  storage_limit_exceeded: "Delete what you no longer need.",
};

/** @param names of the request's pictures, in its order */
export function failureInWords({ refusal }: Failure, names: readonly string[] = []): Words {
  if (refusal === null) {
    const detail = "No answer came. Check the connection, or whether the server is running, and try again.";
    return { title: "The server cannot be reached", detail, facts: [], mayRetry: true };
  }
  const { status, param, code, requestId } = refusal;
  const named = { Field: param, Code: code, Request: requestId };
  return {
    title: titleOf(refusal, names),
    detail: detailOf(refusal),
    facts: Object.entries(named).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
    mayRetry: status < 400 || status === 429 || status >= 500,
  };
}

function titleOf({ status, code, param }: Refusal, names: readonly string[]): string {
  if (status < 400) return "This is not the API's answer";
  if (status === 401) return "An API key is needed";
  if (status === 403) return "This is not allowed";
  if (code === "label_set_not_found") return "There is no such label set";
  if (code === "vector_store_not_found") return "There is no such vector store";
  if (code === "model_not_found") return "There is no such model";
  if (status === 404) return "The server does not know this address (404)";
  if (status === 413) return "This is too large";
  if (status === 429) return "Too many requests";
  if (status === 503)
    return code === "not_configured" ? "The server is not set up yet" : "The server is busy or not ready";
  if (status >= 500) return "The server failed";
  const picture = /^images?\b(?:\[(\d+)\])?/.exec(param ?? "");
  if (picture === null) return "The request was refused";
  const index = Number(picture[1] ?? 0);
  return `${names[index] ?? (picture[1] === undefined ? "The picture" : `Picture ${index + 1}`)} was refused`;
}

function detailOf({ status, code, param, message, retryAfter }: Refusal): string {
  // The field is in the small print already.
  const said = sentence(
    param !== null && message.startsWith(`${param}: `) ? message.slice(param.length + 2) : message,
  );
  const advice = ADVICE[code ?? ""];
  // How a program sends a key is of no use here.
  if (status === 401 && advice !== undefined && message.startsWith("an API key is needed")) return advice;
  if (status !== 429 && status < 500) return advice === undefined ? said : `${said} ${advice}`;
  const when = retryAfter === null ? "later" : `in ${retryAfter} second${retryAfter === 1 ? "" : "s"}`;
  return `${said} Try again ${when}.`;
}

/** Makes a sentence of an API message, which begins in lower case, has no full stop, and counts fields from 0. */
function sentence(message: string): string {
  const counted = message.replaceAll(
    /\b(label|text|image)s\[(\d+)\]/g,
    (_, field: string, index: string) => `${field === "image" ? "picture" : field} ${Number(index) + 1}`,
  );
  const begun = counted.charAt(0).toUpperCase() + counted.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
