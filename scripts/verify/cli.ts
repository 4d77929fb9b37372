/**
 * `npm run model:verify -- <model folder> --checkpoint <file>`: compares a built model with its checkpoint in fp32, block
 * by block. Exits with 1 if a block or an embedding is below the floor.
 */
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { BuildError } from "../../build/build-error.ts";
import { CONFIG_NAME } from "../../build/checkpoint/file-names.ts";
import { terminalProgress } from "../../build/report/progress.ts";
import { ServiceError } from "../../functions/runtime/errors.ts";
import { findCheckpoint } from "../build/find-checkpoint.ts";
import { readManifest } from "../models-in-r2.ts";
import { ortGraphs } from "../towers/ort-graphs.ts";
import { exampleSamples, parseFloor, parseSamples } from "../towers/samples.ts";
import { belowFloor, verifyTable, writeVerifyPlot } from "./report.ts";
import { verifyModel } from "./verify-model.ts";

const USAGE = `usage: npm run model:verify -- <model folder> --checkpoint <model, file or folder> [options]
  --config   open_clip_config.json (default: beside the checkpoint)
  --samples  pictures and texts to run (default: 3, as a build measures with)
  --floor    least cosine to fp32 of a block and of the embeddings (default: 0.999)
  --plot     PNG to write (default: .cache/verify/<alias>.png)`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      checkpoint: { type: "string" },
      config: { type: "string" },
      samples: { type: "string", default: "3" },
      floor: { type: "string", default: "0.999" },
      plot: { type: "string" },
    },
  });
  const [folder] = positionals;
  if (folder === undefined || values.checkpoint === undefined) throw new BuildError(USAGE);
  const [samples, floor] = [parseSamples(values.samples), parseFloor(values.floor)];
  const { path: checkpoint } = await findCheckpoint(values.checkpoint);
  const { alias, id, revision } = await readManifest(folder);
  const progress = terminalProgress(process.stderr);
  const towers = await verifyModel({
    folder: resolve(folder),
    checkpoint,
    config: values.config ?? join(dirname(checkpoint), CONFIG_NAME),
    open: await ortGraphs(),
    samples: exampleSamples(samples),
    progress,
  });
  progress.done();
  console.log(verifyTable(towers));
  const plot = resolve(values.plot ?? join(import.meta.dirname, "../../.cache/verify", `${alias}.png`));
  await mkdir(dirname(plot), { recursive: true });
  await writeVerifyPlot(plot, `${alias} ${revision}`, towers);
  console.log(`plot: ${plot}`);
  const below = belowFloor(towers, floor);
  if (below.length === 0) console.log(`${id} verifies: every cosine is at least ${floor}`);
  else {
    console.log(`below ${floor}: ${below.join(", ")}`);
    process.exitCode = 1;
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof BuildError || error instanceof ServiceError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
