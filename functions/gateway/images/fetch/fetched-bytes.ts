/** The room that pictures have which do not come with the request. */
import { BytesInFlight } from "../../body/bytes-in-flight.ts";
import { MAX_IMAGE_BYTES } from "../../limits.ts";

/**
 * Bytes that all requests of the isolate together hold of fetched files, from URLs and from R2. Not shared with request
 * bodies: who holds a body waits for room here, and would wait for itself.
 */
export const fetchedBytes = new BytesInFlight({ small: 2_000_000, large: MAX_IMAGE_BYTES });
