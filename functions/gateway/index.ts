/**
 * The gateway Worker: speaks HTTP, checks what comes in, keeps text embeddings, scores. It runs no model: pictures
 * are decoded and both towers run in Workers of their own, each with its own 128 MB.
 */
import { app } from "./app.ts";

export { Towers } from "./towers-entrypoint.ts";

export default { fetch: app.fetch };
