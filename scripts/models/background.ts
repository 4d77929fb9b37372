/** `npm run model:background`: the cosine of unrelated pictures, of a model that is built already. */
import { runCommand } from "../../build/command-line/command.ts";
import { readManifest } from "./read-manifest.ts";
import { backgroundCosine } from "../towers/background-cosine.ts";

await runCommand(
  {
    usage: "npm run model:background -- <folder>",
    about: `Prints c₀ of a built model: the mean cosine of the pictures in examples/. Builds write it into the manifest; models
that were built before have the default of functions/adapter/background.ts.`,
    words: ["<folder>"],
    options: {},
  },
  async (_options, [folder = ""]) => {
    const { image } = await readManifest(folder);
    console.log(await backgroundCosine(folder, image));
  },
);
