/**
 * `npm run model:build`: builds one model into `model-shards/<alias>/`. Blocks are measured with the Workers' own
 * onnxruntime, which `build/` may not import.
 */
import { runCommand } from "../../build/command-line/command.ts";
import { oneOf, wholeNumber } from "../../build/command-line/values.ts";
import { terminalProgress } from "../../build/report/progress.ts";
import { summary } from "../../build/report/summary.ts";
import { FLOOR_OPTION, parseFloor, parseSamples, SAMPLES_OPTION } from "../towers/sample-options.ts";
import { buildCheckpoint } from "./build-checkpoint.ts";

await runCommand(
  {
    usage: "npm run model:build -- <model, file or folder> [options]",
    about: `Builds a model: int8 ONNX in shards, and a manifest. Takes the name of a model that "npm run model:pull" has fetched, a
checkpoint, or a folder with one checkpoint and its config. docs/checkpoints.md explains more.`,
    words: ["<model, file or folder>"],
    options: {
      id: {
        type: "string",
        value: "<name>",
        about: "the model's name in the API (default: its repository)",
      },
      alias: {
        type: "string",
        value: "<name>",
        about: "short name without slashes, also the folder's (default: the id's last part, in lower case)",
      },
      revision: { type: "string", value: "<name>", default: "main", about: "revision of a model at the hub" },
      precision: { type: "string", value: "<type>", default: "int8", about: "int8 or fp32" },
      "image-size": {
        type: "string",
        value: "<pixels>",
        about: "side of the input, for a ConvNeXt; a multiple of 32 (default: the config's)",
      },
      floor: {
        ...FLOOR_OPTION,
        about: `${FLOOR_OPTION.about}; blocks below it are promoted; with 0, nothing is measured or promoted`,
      },
      samples: SAMPLES_OPTION,
      license: {
        type: "string",
        value: "<name>",
        about: "license that GET /v1/models shows (default: the preset's, else unknown)",
      },
      config: {
        type: "string",
        value: "<file>",
        about: "open_clip_config.json (default: beside the checkpoint)",
      },
      out: { type: "string", value: "<folder>", about: "folder to write (default: model-shards/<alias>)" },
    },
  },
  async ({ precision, "image-size": size, floor, samples, ...options }, [source = ""]) => {
    const report = await buildCheckpoint(source, {
      ...options,
      precision: oneOf("--precision", precision, ["int8", "fp32"]),
      ...(size === undefined ? {} : { imageSize: wholeNumber("--image-size", size) }),
      floor: parseFloor(floor),
      samples: parseSamples(samples),
      progress: terminalProgress(process.stderr),
    });
    console.log(summary(report));
  },
);
