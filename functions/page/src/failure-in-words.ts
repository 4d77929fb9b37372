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

export function failureInWords({ refusal }: Failure): Words {
  if (refusal === null) {
    const detail = "No answer came. Check the connection, or whether the server is running, and try again.";
    return { title: "The server cannot be reached", detail, facts: [], mayRetry: true };
  }
  const { status, param, code, requestId } = refusal;
  const named = { Field: param, Code: code, Request: requestId };
  return {
    title: titleOf(refusal),
    detail: detailOf(refusal),
    facts: Object.entries(named).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
    mayRetry: status < 400 || status === 429 || status >= 500,
  };
}

function titleOf({ status, code, param }: Refusal): string {
  if (status < 400) return "This is not the API's answer";
  if (status === 401) return "An API key is needed";
  if (status === 403) return "This is not allowed";
  if (status === 404) return "The server does not know this address (404)";
  if (status === 413 || code === "image_too_large") return "This is too large";
  if (status === 429) return "Too many requests";
  if (status === 503)
    return code === "not_configured" ? "The server is not set up yet" : "The server is busy or not ready";
  if (status >= 500) return "The server failed";
  const picture = /^images?\b(?:\[(\d+)\])?/.exec(param ?? "");
  if (picture === null) return "The request was refused";
  return picture[1] === undefined
    ? "The picture was refused"
    : `Picture ${Number(picture[1]) + 1} was refused`;
}

function detailOf({ status, message, retryAfter }: Refusal): string {
  const said = sentence(message);
  if (status === 401) return `${said} Put one into the field “API key” at the top.`;
  if (status !== 429 && status < 500) return said;
  const when = retryAfter === null ? "later" : `in ${retryAfter} second${retryAfter === 1 ? "" : "s"}`;
  return `${said} Try again ${when}.`;
}

/** Makes a sentence of an API message, which begins in lower case and has no full stop. */
function sentence(message: string): string {
  const begun = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
