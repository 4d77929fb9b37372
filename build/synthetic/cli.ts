/** `node build/synthetic/cli.ts <base_w|mini|tiny> <folder> [safetensors|bin] [--outliers | --normal]`. */
import { parseArgs } from "node:util";
import { BuildError } from "../build-error.ts";
import { SYNTHETIC_MODELS } from "./configs.ts";
import { writeSynthetic } from "./write-synthetic.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { outliers: { type: "boolean", default: false }, normal: { type: "boolean", default: false } },
});
const [name = "", folder, format = "safetensors"] = positionals;
const model = SYNTHETIC_MODELS[name];
if (model === undefined || folder === undefined || (format !== "safetensors" && format !== "bin")) {
  const names = Object.keys(SYNTHETIC_MODELS).join("|");
  throw new BuildError(
    `usage: node build/synthetic/cli.ts <${names}> <folder> [safetensors|bin] [--outliers | --normal]`,
  );
}
console.log(await writeSynthetic(folder, model, format, values));
