/** Makes `.generated/bin/edgeclip-classify.js`, which the package offers as a command: one file without dependencies. */
import { join } from "node:path";
import { build } from "esbuild";
import { readCommandLine } from "../../build/command-line/command.ts";
import { GENERATED, ROOT } from "../paths.ts";

readCommandLine({
  usage: "node scripts/prepare/command.ts",
  about: "Makes .generated/bin/edgeclip-classify.js, the package's command. npm runs it after an install.",
});
await build({
  entryPoints: [join(ROOT, "scripts/classify/classify.ts")],
  outfile: join(GENERATED, "bin/edgeclip-classify.js"),
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  minifySyntax: true,
});
