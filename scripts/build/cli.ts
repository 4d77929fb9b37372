/**
 * `npm run model:build -- <model, file or folder> [options]`: builds one model into `model-shards/<alias>/`. It stands here
 * and not in `build/` because blocks are measured on the edge's own onnxruntime.
 */
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { BuildError } from "../../build/build-error.ts";
import { buildModel } from "../../build/build-model.ts";
import { CheckpointError } from "../../build/checkpoint/checkpoint-error.ts";
import { CONFIG_NAME } from "../../build/checkpoint/file-names.ts";
import { terminalProgress } from "../../build/report/progress.ts";
import { summary } from "../../build/report/summary.ts";
import { ROOT } from "../local/state.ts";
import { findCheckpoint } from "./find-checkpoint.ts";
import { ortGraphs } from "../towers/ort-graphs.ts";
import { exampleSamples, parseFloor, parseSamples } from "../towers/samples.ts";

const USAGE = `usage: npm run model:build -- <model, file or folder> [options]
  a model is what "npm run model:pull" has fetched, by the same name; a folder holds a checkpoint and its config
  --id          the model as the API names it (default: its repository)
  --alias       slash-free name, also the folder's (default: the id's last part, in lower case)
  --precision   int8 (default) or fp32
  --image-size  side of the input in pixels, a multiple of 32 (default: the config's)
  --floor       least cosine to fp32 of a block and of the embeddings (default: 0.999); blocks below are promoted,
                0 leaves all in int8, unmeasured
  --samples     pictures and texts to measure with (default: 3)
  --license     default: mit
  --config      open_clip_config.json (default: beside the checkpoint)
  --out         default: model-shards/<alias>`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      id: { type: "string" },
      alias: { type: "string" },
      precision: { type: "string", default: "int8" },
      "image-size": { type: "string" },
      license: { type: "string", default: "mit" },
      config: { type: "string" },
      out: { type: "string" },
      floor: { type: "string", default: "0.999" },
      samples: { type: "string", default: "3" },
    },
  });
  const [source] = positionals;
  const { precision } = values;
  if (source === undefined || (precision !== "int8" && precision !== "fp32")) throw new BuildError(USAGE);
  const { path: checkpoint, repository } = await findCheckpoint(source);
  const id = values.id ?? repository;
  if (id === undefined) throw new BuildError(`--id is missing: what is the model called?\n${USAGE}`);
  const alias = values.alias ?? (id.split("/").at(-1) ?? id).toLowerCase();
  const size = values["image-size"];
  const [floor, samples] = [parseFloor(values.floor), parseSamples(values.samples)];
  const measured = precision === "int8" && floor > 0;
  const report = await buildModel({
    checkpoint,
    config: values.config ?? join(dirname(checkpoint), CONFIG_NAME),
    out: resolve(values.out ?? join(ROOT, "model-shards", alias)),
    id,
    alias,
    license: values.license,
    precision,
    ...(size === undefined ? {} : { imageSize: Number(size) }),
    ...(measured
      ? { calibration: { open: await ortGraphs(), samples: exampleSamples(samples), floor } }
      : {}),
    progress: terminalProgress(process.stderr),
  });
  console.log(summary(report));
}

try {
  await main();
} catch (error) {
  if (!(error instanceof BuildError || error instanceof CheckpointError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
