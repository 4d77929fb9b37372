/**
 * Makes `.generated/public/`, what the gateway serves as static assets: the page with its script bundled, the pictures it
 * offers, and Swagger UI for the reference.
 */
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "..");
const PAGE = join(ROOT, "functions/page");
const OUT = join(ROOT, ".generated/public");
const SWAGGER = join(ROOT, "node_modules/swagger-ui-dist");

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
for (const asset of ["index.html", "page.css", "favicon.svg", "_headers", "docs"]) {
  await cp(join(PAGE, asset), join(OUT, asset), { recursive: true });
}
await build({
  entryPoints: [join(PAGE, "src/main.ts")],
  outfile: join(OUT, "page.js"),
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
});
await cp(join(ROOT, "examples"), join(OUT, "examples"), { recursive: true });
for (const file of ["swagger-ui-bundle.js", "swagger-ui.css"]) {
  await cp(join(SWAGGER, file), join(OUT, "docs", file));
}
