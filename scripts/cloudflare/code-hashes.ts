/**
 * Hashes of the code of Workers, as wrangler bundles it. Workers of several releases exist beside each other under
 * names with them.
 */
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type EngineName, parseEngine } from "../../model-shards/plan-stages.ts";
import { ROOT } from "../paths.ts";
import { withCleanUp } from "../release/with-clean-up.ts";
import { type CodeHashes, committedConfig, HASHED_CONFIGS, type Source } from "../worker-configs.ts";
import { wrangler } from "./wrangler.ts";

/** Files of a bundle that are not uploaded: notes that contain the time of the build, and source maps. */
const NOT_CODE = /^README\.md$|\.map$/;

/** @returns SHA-256 of the code of each Worker in `HASHED_CONFIGS`; it does not depend on the time of the build */
export async function codeHashes(): Promise<CodeHashes> {
  const engine = parseEngine(process.env["ENGINE"]);
  return new Map(
    await Promise.all(
      HASHED_CONFIGS.map(async (source) => [source, await codeHash(source, engine)] as const),
    ),
  );
}

async function codeHash(source: Source, engine: EngineName): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "edgeclip-bundle-"));
  return await withCleanUp(
    async () => {
      const script = join(ROOT, dirname(source), committedConfig(source, engine).main);
      await wrangler(["deploy", script, "--dry-run", "--outdir", folder, "-c", join(ROOT, source)]);
      const hash = createHash("sha256");
      for (const file of (await readdir(folder)).filter((name) => !NOT_CODE.test(name)).toSorted()) {
        const contents = await readFile(join(folder, file));
        hash.update(`${file} ${contents.byteLength}\n`).update(contents);
      }
      return hash.digest("hex");
    },
    () => rm(folder, { recursive: true }),
  );
}
