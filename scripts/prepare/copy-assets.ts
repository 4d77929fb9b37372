/**
 * Makes `.generated/public/`, the gateway's static assets: the page at `/`, the example pictures, and Swagger UI for
 * the reference. The page is one script and one file of styles, so that a phone makes few requests, and a script that
 * is loaded when somebody searches. Each script has all it needs: a script for what both need would be one more
 * request, and would take most of what is saved.
 */
import { cp, mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { build, type BuildOptions } from "esbuild";
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
const options = {
  outdir: OUT,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  metafile: true,
} satisfies BuildOptions;
// Its name has a hash, so that a page which is older than a deployment does not get a script that it does not fit.
const { metafile } = await build({
  ...options,
  entryPoints: { search: join(PAGE, "src/search-tab.ts") },
  entryNames: "[name]-[hash]",
});
const search = Object.keys(metafile.outputs).map((path) => `./${basename(path)}`)[0];
await build({
  ...options,
  entryPoints: { page: join(PAGE, "src/main.ts"), styles: join(PAGE, "styles/page.css") },
  define: { SEARCH_BUNDLE: JSON.stringify(search) },
});
