/** The option `--url` of the commands that talk to a running service, and the service that it names. */
import { UsageError } from "../../build/command-line/usage-error.ts";
import type { Service } from "./patient-request.ts";

const LOCAL = "http://localhost:8787";

export const URL_OPTION = {
  type: "string",
  value: "<url>",
  default: LOCAL,
  about: "URL of the service",
} as const;

/** `URL_OPTION` for a command that takes the URL as its argument, too. */
export const SECOND_URL_OPTION = {
  type: "string",
  value: "<url>",
  about: `URL of the service, instead of the argument (default: ${LOCAL})`,
} as const;

/** @throws UsageError if there are two that differ */
export function oneUrl(...given: readonly (string | undefined)[]): string {
  const [url = LOCAL, other = url] = given.filter((each) => each !== undefined);
  if (serviceAt(other).url === serviceAt(url).url) return url;
  throw new UsageError(`"${url}" and "${other}" are two URLs: which one is meant?`);
}

/**
 * The service, with the key of `EDGECLIP_API_KEY`.
 * @throws UsageError unless it is a URL of HTTP
 */
export function serviceAt(url: string): Service {
  if (!/^https?:\/\/[^/]/.test(url))
    throw new UsageError(`a URL begins with http:// or https://, not "${url}"`);
  return { url: url.replace(/\/+$/, ""), key: process.env["EDGECLIP_API_KEY"] };
}
