/**
 * Workers that count what Cloudflare bills: invocations, operations of R2, KV and queues, calls of objects and their
 * rows.
 */
import type { V4WorkerOptions } from "miniflare";
import { startWorkers, type Workers } from "../../support/workers.ts";
import { wrapped } from "../../support/wrapped-worker.ts";

export const BILLED = [
  "invocation",
  "queue",
  "r2Write",
  "r2Read",
  "kvWrite",
  "kvRead",
  "object",
  "row",
] as const;
export type Counts = Record<(typeof BILLED)[number], number>;

export interface CountingWorkers extends Workers {
  /** Since the last call. */
  counts(): Promise<Counts>;
}

const COUNTERS = ["edgeclip", "edgeclip-jobs", "edgeclip-state"] as const;

/** Calls of other Workers are not billed as requests. A message is written, read and deleted: three operations. */
const COUNTING = `
let counts = {};
const count = (what, by = 1) => (counts[what] = (counts[what] ?? 0) + by);
const answer = () => {
  const counted = Response.json(counts);
  counts = {};
  return counted;
};
const METHODS = {
  r2: { get: "r2Read", head: "r2Read", put: "r2Write", list: "r2Write", createMultipartUpload: "r2Write" },
  part: { uploadPart: "r2Write", complete: "r2Write" },
  kv: { get: "kvRead", put: "kvWrite" },
};
const KINDS = { FILES: "r2", SETS: "r2", MODELS: "r2", CACHE: "kv", KEYS: "kv" };
const watch = (target, methods) => new Proxy(target, {
  get(_, name) {
    const value = target[name];
    if (typeof value !== "function") return value;
    return (...parameters) => {
      if (methods[name] !== undefined) count(methods[name]);
      const result = value.apply(target, parameters);
      if (name === "resumeMultipartUpload") return watch(result, METHODS.part);
      return result;
    };
  },
});
const object = (stub) => new Proxy(stub, {
  get: (_, name) => (...parameters) => {
    count("object");
    return stub[name](...parameters);
  },
});
const counted = (env) => {
  const watched = { ...env };
  for (const [name, kind] of Object.entries(KINDS)) {
    if (env[name] !== undefined) watched[name] = watch(env[name], METHODS[kind]);
  }
  for (const name of ["ACCOUNTS", "BATCHES"]) {
    watched[name] = { getByName: (id) => object(env[name].getByName(id)) };
  }
  for (const name of ["BUILDS", "BATCH_QUEUE"]) {
    watched[name] = { send: (...message) => (count("queue", 3), env[name].send(...message)) };
  }
  return watched;
};`;

const GATEWAY = `
import gateway, { Lines as Deployed, Towers } from "MAIN";
${COUNTING}
export { Towers };
export class Lines extends Deployed {
  constructor(ctx, env) {
    super(ctx, counted(env));
  }
}
export default {
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/counts") return answer();
    count("invocation");
    return gateway.fetch(request, counted(env), ctx);
  },
};`;

const JOBS = `
import jobs from "MAIN";
${COUNTING}
export default {
  queue(batch, env, ctx) {
    count("invocation");
    return jobs.queue(batch, counted(env), ctx);
  },
  fetch: () => answer(),
};`;

const STATE = `
import state, { AccountState as Account, BatchState as Batch } from "MAIN";
${COUNTING}
/** A statement has written its rows when it returns. */
const watchRows = ({ storage }) => {
  const sql = Object.getPrototypeOf(storage.sql);
  if (sql.isWatched) return;
  const { exec } = sql;
  sql.isWatched = true;
  sql.exec = function (...parameters) {
    const cursor = exec.apply(this, parameters);
    count("row", cursor.rowsWritten);
    return cursor;
  };
};
export class AccountState extends Account {
  constructor(ctx, env) {
    super(ctx, env);
    watchRows(ctx);
  }
}
export class BatchState extends Batch {
  constructor(ctx, env) {
    super(ctx, env);
    watchRows(ctx);
  }
}
export default { fetch: () => answer() };`;

export async function startCounting(model: string): Promise<CountingWorkers> {
  const scripts: Record<string, string> = {
    edgeclip: GATEWAY,
    "edgeclip-jobs": JOBS,
    "edgeclip-state": STATE,
  };
  const workers = await startWorkers({
    model,
    change: (name, options): V4WorkerOptions => {
      const script = scripts[name];
      return script === undefined ? options : wrapped(options, script);
    },
  });
  return {
    ...workers,
    counts: async () => {
      const total = Object.fromEntries(BILLED.map((each) => [each, 0])) as Counts;
      for (const name of COUNTERS) {
        const url = name === "edgeclip" ? workers.url : await workers.miniflare.unsafeGetDirectURL(name);
        const counts = (await (await fetch(new URL("/counts", url))).json()) as Partial<Counts>;
        for (const each of BILLED) total[each] += counts[each] ?? 0;
      }
      return total;
    },
  };
}
