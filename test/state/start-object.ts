/** Starts one Durable Object class of `functions/state/` in workerd, behind a Worker that calls its methods. */
import { join } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

const STATE = join(import.meta.dirname, "../../functions/state");

export interface StartedObject {
  miniflare: Miniflare;
  url: URL;
}

/** @param script a module that imports from `functions/state/` @param binding name of the namespace in it */
export async function startObject(
  script: string,
  binding: string,
  className: string,
): Promise<StartedObject> {
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: STATE },
    bundle: true,
    write: false,
    format: "esm",
    target: "esnext",
    external: ["cloudflare:*"],
  });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: [{ type: "ESModule", path: "object.js", contents: outputFiles[0]?.text ?? "" }],
      compatibilityDate: "2026-10-20",
      durableObjects: { [binding]: { className, useSQLite: true } },
    }),
  );
  return { miniflare, url: await miniflare.ready };
}
