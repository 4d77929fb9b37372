/** The option `--url` of the commands that talk to a running service, and the service that it names. */
import { UsageError } from "../../build/command-line/usage-error.ts";
import type { Service } from "./patient-request.ts";

export const URL_OPTION = {
  type: "string",
  value: "<url>",
  default: "http://localhost:8787",
  about: "URL of the service",
} as const;

/**
 * The service, with the key of `EDGECLIP_API_KEY`.
 * @throws UsageError unless it is a URL of HTTP
 */
export function serviceAt(url: string): Service {
  if (!/^https?:\/\/[^/]/.test(url))
    throw new UsageError(`--url begins with http:// or https://, not "${url}"`);
  return { url: url.replace(/\/+$/, ""), key: process.env["EDGECLIP_API_KEY"] };
}
