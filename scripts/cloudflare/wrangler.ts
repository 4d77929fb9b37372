/** Runs wrangler's commands, and reads their output for programs. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as z from "zod";
import { NODE_MODULES, ROOT } from "../paths.ts";
import { withCleanUp } from "../release/with-clean-up.ts";

/** Lines of the file that wrangler writes to WRANGLER_OUTPUT_FILE_PATH. Lines of other types are ignored. */
const outcomeSchema = z.object({
  type: z.enum(["deploy", "version-upload"]),
  version_id: z.string().nullish(),
  preview_url: z.string().nullish(),
  bundle_size: z.object({ raw_bytes: z.number(), gzip_bytes: z.number() }).nullish(),
});

export type Outcome = z.infer<typeof outcomeSchema>;

/** @returns wrangler's output @throws Error with wrangler's output, if it failed */
export async function wrangler(parameters: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(join(NODE_MODULES, ".bin/wrangler"), parameters, {
      cwd: ROOT,
      // With CI set, wrangler asks no questions.
      env: { ...process.env, CI: "true", WRANGLER_SEND_METRICS: "false", ...env },
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`wrangler ${parameters.join(" ")} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Runs `wrangler deploy` or `wrangler versions upload`. */
export async function wranglerUpload(parameters: readonly string[]): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "edgeclip-wrangler-"));
  const file = join(folder, "output.ndjson");
  return await withCleanUp(
    async () => {
      await wrangler(parameters, { WRANGLER_OUTPUT_FILE_PATH: file });
      const lines = (await readFile(file, "utf8")).trim().split("\n");
      const outcomes = lines.map((line) => outcomeSchema.safeParse(JSON.parse(line)));
      const outcome = outcomes.find(({ success }) => success)?.data;
      if (outcome === undefined)
        throw new Error(`wrangler ${parameters.join(" ")} did not report an outcome`);
      return outcome;
    },
    () => rm(folder, { recursive: true }),
  );
}
