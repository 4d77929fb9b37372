/**
 * The state Worker: what is changed by many at once and must be true at once, in Durable Objects with SQLite. Each object
 * handles one call after the other. Bytes are in R2, and no classification waits for an object.
 */
export { AccountState } from "./account/account-state.ts";
export { BatchState } from "./batch/batch-state.ts";
export { VectorStoreState } from "./vector-store/vector-store-state.ts";

/** The platform wants a handler; no address leads to it. */
export default {
  fetch: (): Response => new Response(null, { status: 404 }),
};
