/** The room that pictures have which do not come with the request. */
import { BytesInFlight } from "../../body/bytes-in-flight.ts";
import { MAX_IMAGE_BYTES } from "../../limits.ts";

const ROOM = { small: 2_000_000, large: MAX_IMAGE_BYTES } as const;

/**
 * The most that a picture is promised, bytes. It must be possible to finish it while others wait that hold their first
 * 131 kB. One that has more gets the rest if it is free.
 */
export const MAX_PROMISED = ROOM.large - 2_000_000;

/**
 * Bytes that all requests of the isolate together hold of fetched files, from URLs and from R2. Not shared with request
 * bodies: who holds a body waits for room here, and would wait for itself. Clients share it fairly, see
 * `body/fair-order.ts`.
 */
export const fetchedBytes = new BytesInFlight(ROOM);
