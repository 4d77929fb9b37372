/**
 * Makes `.generated/public/`, the gateway's static assets: the page at `/`, bundled into one script and one file of
 * styles, so that a phone makes few requests; the example pictures; Swagger UI for the reference.
 */
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { readCommandLine } from "../../build/command-line/command.ts";
import { EXAMPLES as SHOWN } from "../../functions/page/src/pictures/first-examples.ts";
import { EXAMPLES, GENERATED, NODE_MODULES, ROOT } from "../paths.ts";

const PAGE = join(ROOT, "functions/page");
const OUT = join(GENERATED, "public");
const SWAGGER = join(NODE_MODULES, "swagger-ui-dist");

readCommandLine({
  usage: "node scripts/prepare/copy-assets.ts",
  about: "Makes .generated/public/, the gateway's static assets. npm runs it after an install.",
});
await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
for (const path of ["_headers", "index.html", "icon.svg", "docs"]) {
  await cp(join(PAGE, path), join(OUT, path), { recursive: true });
}
for (const { file } of SHOWN) await cp(join(EXAMPLES, file), join(OUT, "examples", file));
for (const file of ["swagger-ui-bundle.js", "swagger-ui.css"]) {
  await cp(join(SWAGGER, file), join(OUT, "docs", file));
}
await build({
  entryPoints: { page: join(PAGE, "src/main.ts"), styles: join(PAGE, "styles/page.css") },
  outdir: OUT,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
});
