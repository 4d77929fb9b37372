/** `npm run build:synthetic`: writes a checkpoint of synthetic weights and its config, as in a model repository. */
import { runCommand } from "../../build/command-line/command.ts";
import { oneOf } from "../../build/command-line/values.ts";
import { SYNTHETIC_MODELS } from "../../build/synthetic/configs.ts";
import { writeSynthetic } from "../../build/synthetic/write-synthetic.ts";

const NAMES = Object.keys(SYNTHETIC_MODELS);

await runCommand(
  {
    usage: `npm run build:synthetic -- <${NAMES.join("|")}> <folder> [safetensors|bin] [--outliers | --normal]`,
    about:
      "Writes a checkpoint of synthetic weights, which can be regenerated in any language, and its config beside it.",
    words: ["<model>", "<folder>", "[format]"],
    options: {
      outliers: {
        type: "boolean",
        default: false,
        about: "weights with outliers in norms and MLPs, like pretrained ones",
      },
      normal: { type: "boolean", default: false, about: "normally distributed weights (default: uniform)" },
    },
  },
  async (options, [name = "", folder = "", format = "safetensors"]) => {
    const model = SYNTHETIC_MODELS[oneOf("the model", name, NAMES)];
    if (model === undefined) return;
    console.log(
      await writeSynthetic(folder, model, oneOf("the format", format, ["safetensors", "bin"]), options),
    );
  },
);
