// Loaded into every Node process of a test's wrangler by NODE_OPTIONS: notes its commands, and makes one fail.
//   WRANGLER_LOG      file that gets a line a command
//   WRANGLER_FAILS    the command that fails, as that line has it
//   WRANGLER_FAILING  "before" it does anything, or "after" it has done all of it
const { appendFileSync } = require("node:fs");

const [, script = "", ...parameters] = process.argv;
if (/\/wrangler(\.js)?$/.test(script)) {
  // Temporary folders and ids differ from run to run.
  const command = parameters
    .join(" ")
    .replace(/--outdir \S+/, "--outdir …")
    .replace(/[0-9a-f-]{36}/g, "…")
    .replace(/\S*\/(?=[^/]+\/wrangler\.toml|[^/]+\.json|wrangler\.toml|[^/]+\.ts)/g, "");
  if (process.env.WRANGLER_LOG) appendFileSync(process.env.WRANGLER_LOG, `${command}\n`);
  if (process.env.WRANGLER_FAILS === command) {
    const fail = () => {
      console.error(`wrangler was made to fail: ${command}`);
      process.exitCode = 1;
    };
    if (process.env.WRANGLER_FAILING === "after") process.on("exit", fail);
    else {
      fail();
      process.exit(1);
    }
  }
}
