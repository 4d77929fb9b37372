/** `node build/synthetic/cli.ts <base_w|mini|tiny> <folder> [safetensors|bin]`. */
import { BuildError } from "../build-error.ts";
import { SYNTHETIC_MODELS } from "./configs.ts";
import { writeSynthetic } from "./write-synthetic.ts";

const [name = "", folder, format = "safetensors"] = process.argv.slice(2);
const model = SYNTHETIC_MODELS[name];
if (model === undefined || folder === undefined || (format !== "safetensors" && format !== "bin")) {
  const names = Object.keys(SYNTHETIC_MODELS).join("|");
  throw new BuildError(`usage: node build/synthetic/cli.ts <${names}> <folder> [safetensors|bin]`);
}
console.log(await writeSynthetic(folder, model, format));
