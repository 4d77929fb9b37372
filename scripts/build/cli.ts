/**
 * `npm run model:build -- <model, file or folder> [options]`: builds one model into `model-shards/<alias>/`. It stands here
 * and not in `build/` because blocks are measured on the edge's own onnxruntime.
 */
import { parseArgs } from "node:util";
import { BuildError } from "../../build/build-error.ts";
import { CheckpointError } from "../../build/checkpoint/checkpoint-error.ts";
import { HubError } from "../../build/hub/hub-error.ts";
import { terminalProgress } from "../../build/report/progress.ts";
import { summary } from "../../build/report/summary.ts";
import { parseFloor, parseSamples } from "../towers/samples.ts";
import { buildCheckpoint, DEFAULT_FLOOR, DEFAULT_SAMPLES } from "./build-checkpoint.ts";

const USAGE = `usage: npm run model:build -- <model, file or folder> [options]
  a model is what "npm run model:pull" has fetched, by the same name; a folder holds one checkpoint and its config
  --revision    of a model at the hub (default: main)
  --id          the model as the API names it (default: its repository)
  --alias       slash-free name, also the folder's (default: the id's last part, in lower case)
  --precision   int8 (default) or fp32
  --image-size  side of the input in pixels, a multiple of 32 (default: the config's)
  --floor       least cosine to fp32 of a block and of the embeddings (default: 0.999); blocks below are promoted,
                0 leaves all in int8, unmeasured
  --samples     pictures and texts to measure with (default: 3)
  --license     as GET /v1/models shows it (default: a preset's, else unknown)
  --config      open_clip_config.json (default: beside the checkpoint)
  --out         default: model-shards/<alias>`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      revision: { type: "string" },
      id: { type: "string" },
      alias: { type: "string" },
      precision: { type: "string", default: "int8" },
      "image-size": { type: "string" },
      license: { type: "string" },
      config: { type: "string" },
      out: { type: "string" },
      floor: { type: "string", default: String(DEFAULT_FLOOR) },
      samples: { type: "string", default: String(DEFAULT_SAMPLES) },
    },
  });
  const [source] = positionals;
  const { precision, "image-size": size, floor, samples, ...options } = values;
  if (source === undefined || (precision !== "int8" && precision !== "fp32")) throw new BuildError(USAGE);
  const report = await buildCheckpoint(source, {
    ...options,
    precision,
    ...(size === undefined ? {} : { imageSize: Number(size) }),
    floor: parseFloor(floor),
    samples: parseSamples(samples),
    progress: terminalProgress(process.stderr),
  });
  console.log(summary(report));
}

try {
  await main();
} catch (error) {
  if (!(error instanceof BuildError || error instanceof CheckpointError || error instanceof HubError))
    throw error;
  console.error(error.message);
  process.exitCode = 1;
}
