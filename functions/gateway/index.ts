/**
 * The gateway Worker: handles HTTP, validates requests, caches text embeddings and computes scores. It runs no model:
 * the decoder and both towers are separate Workers, each with its own 128 MB.
 */
import { app } from "./app.ts";

export { Lines } from "./lines-entrypoint.ts";
export { Towers } from "./towers-entrypoint.ts";

export default { fetch: app.fetch };
