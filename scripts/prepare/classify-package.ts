/**
 * Makes the package `edgeclip-classify` in `.generated/edgeclip-classify/`: one file without dependencies, for people
 * who use a service and have nothing of this repository.
 */
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { readCommandLine } from "../../build/command-line/command.ts";
import { GENERATED, ROOT } from "../paths.ts";

const NAME = "edgeclip-classify";
const FOLDER = join(GENERATED, NAME);

readCommandLine({
  usage: "node scripts/prepare/classify-package.ts",
  about: "Makes the package of .generated/edgeclip-classify. npm runs it after an install.",
});
await mkdir(FOLDER, { recursive: true });
await build({
  entryPoints: [join(ROOT, "scripts/classify/classify.ts")],
  outfile: join(FOLDER, `${NAME}.js`),
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  minifySyntax: true,
});
const { version, license, engines } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
  version: string;
  license: string;
  engines: object;
};
const manifest = {
  name: NAME,
  version,
  description: "Classifies the pictures of a folder with an edgeclip service",
  license,
  type: "module",
  engines,
  bin: { [NAME]: `${NAME}.js` },
};
await writeFile(join(FOLDER, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
await copyFile(join(ROOT, "LICENSE"), join(FOLDER, "LICENSE"));
