/**
 * `npm run mutate`: changes the pure core in thousands of places, asks the tests whether they notice, writes what they
 * missed.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { runCommand } from "../../build/command-line/command.ts";

const ROOT = join(import.meta.dirname, "../..");
const STRYKER = join(ROOT, "node_modules/@stryker-mutator/core/bin/stryker.js");

/** @returns the exit code */
async function run(...typed: string[]): Promise<number> {
  const child = spawn(process.execPath, typed, { cwd: ROOT, stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}

await runCommand(
  {
    usage: "npm run mutate [-- --files=<glob>,…]",
    about:
      "Runs Stryker over the pure core, which takes an hour or more, and writes what it found to docs/mutation.md.",
    options: {
      files: {
        type: "string",
        value: "<glob>,…",
        about: "Only these files; of others, the document keeps what former runs found.",
      },
    },
  },
  async ({ files }) => {
    const part = files === undefined ? [] : ["--mutate", files];
    const code = await run(STRYKER, "run", "test/mutation/stryker.config.json", ...part);
    const written = files === undefined ? [] : ["--part"];
    process.exitCode = code === 0 ? await run("test/mutation/write-mutation-report.ts", ...written) : code;
  },
);
