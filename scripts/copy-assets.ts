/** Makes `.generated/public/`, what the gateway serves as static assets: our pages, and Swagger UI for the reference. */
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const OUT = join(ROOT, ".generated/public");
const SWAGGER = join(ROOT, "node_modules/swagger-ui-dist");

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
await cp(join(ROOT, "functions/page"), OUT, { recursive: true });
for (const file of ["swagger-ui-bundle.js", "swagger-ui.css"]) {
  await cp(join(SWAGGER, file), join(OUT, "docs", file));
}
