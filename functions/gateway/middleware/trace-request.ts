/**
 * Makes a request's trace findable: its span is named after the route and has the fields of its log line. The platform
 * makes the spans below it, over all Workers: calls, R2, KV, Durable Objects.
 */
import { tracing } from "cloudflare:workers";

/** A line of the log. Only texts and numbers are taken: the spans have times of their own. */
interface RequestLine {
  method: string;
  route: string;
  [field: string]: unknown;
}

/** @returns the trace's id; undefined if the request is not sampled */
export function traceRequest({ method, route, ...fields }: RequestLine): string | undefined {
  const span = tracing.getActiveSpan();
  if (span === undefined || !span.isTraced) return undefined;
  span.updateName(`${method} ${route}`);
  span.setAttribute("http.route", route);
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string" || typeof value === "number") span.setAttribute(`edgeclip.${name}`, value);
  }
  return span.spanContext().traceId;
}
