/** Where `npm start` keeps R2, KV and queues, and where others find it. */
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

/** Where built models are. */
export const MODELS = process.env["EDGECLIP_MODELS"] ?? join(ROOT, "model-shards");

/** wrangler's `--persist-to`; what it persists is in its folder `v3`. */
export const STATE = process.env["EDGECLIP_STATE"] ?? join(ROOT, ".wrangler/state");

/** Says where a running `npm start` takes orders: `{"port": …}`. */
export const CONTROL_FILE = join(STATE, "control.json");
