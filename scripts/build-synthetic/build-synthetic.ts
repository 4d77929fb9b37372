/** `npm run build:synthetic`: writes a model of synthetic weights as a model repository has it. */
import { runCommand } from "../../build/command-line/command.ts";
import { oneOf } from "../../build/command-line/values.ts";
import { SYNTHETIC_MODELS } from "../../build/synthetic/configs.ts";
import { writeSynthetic } from "../../build/synthetic/write-synthetic.ts";

const NAMES = Object.keys(SYNTHETIC_MODELS);

await runCommand(
  {
    usage: `npm run build:synthetic -- <${NAMES.join("|")}> <folder> [safetensors|bin] [--outliers | --normal]`,
    about:
      "Writes a checkpoint of synthetic weights, which any language can make again, and its config beside it.",
    words: ["<model>", "<folder>", "[format]"],
    options: {
      outliers: {
        type: "boolean",
        default: false,
        about: "outliers in norms and MLPs, as pretrained weights have",
      },
      normal: { type: "boolean", default: false, about: "normally distributed weights; else uniform" },
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
