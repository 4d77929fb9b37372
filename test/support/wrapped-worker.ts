/** Puts a module in front of a Worker's own. */
import type { V4WorkerOptions } from "miniflare";

/** @param script the module; it imports the Worker's own as `MAIN` */
export function wrapped(options: V4WorkerOptions, script: string): V4WorkerOptions {
  const { modules, compatibilityFlags = [] } = options as unknown as {
    modules: { path: string }[];
    compatibilityFlags?: string[];
  };
  const contents = script.replace("MAIN", `./${modules[0]?.path}`);
  const front = { type: "ESModule" as const, path: "wrapped.js", contents };
  return {
    ...options,
    compatibilityFlags: [...compatibilityFlags, "experimental"],
    modules: [front, ...modules],
  } as unknown as V4WorkerOptions;
}
