/**
 * For which client a request fetches pictures. What lies between a route and a fetch passes on the request's clock, and
 * nothing else of the request, so the clock stands for the request here.
 */
import type { Timings } from "../../timings.ts";

const clients = new WeakMap<Timings, string>();

/** @param client shares the room for fetched pictures with other clients */
export function fetchFor(client: string, timings: Timings): void {
  clients.set(timings, client);
}

export function clientOf(timings: Timings): string | undefined {
  return clients.get(timings);
}
