/** `npm run model:verify`: compares a built model with its checkpoint in fp32, block by block. */
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { CONFIG_NAME } from "../../build/checkpoint/file-names.ts";
import { runCommand } from "../../build/command-line/command.ts";
import { UsageError } from "../../build/command-line/usage-error.ts";
import { terminalProgress } from "../../build/report/progress.ts";
import { findCheckpoint } from "./find-checkpoint.ts";
import { CACHE } from "../paths.ts";
import { readManifest } from "./read-manifest.ts";
import { ortGraphs } from "../towers/ort-graphs.ts";
import { FLOOR_OPTION, parseFloor, parseSamples, SAMPLES_OPTION } from "../towers/sample-options.ts";
import { exampleSamples } from "../towers/samples.ts";
import { belowFloor, verifyTable, writeVerifyPlot } from "./verify-report.ts";
import { verifyModel } from "./verify-model.ts";

await runCommand(
  {
    usage: "npm run model:verify -- <model folder> --checkpoint <model, file or folder> [options]",
    about: `Compares a built model with its checkpoint in fp32, block by block. Exits with 1 if the cosine of a block or an
embedding is below the floor.`,
    words: ["<model folder>"],
    options: {
      checkpoint: {
        type: "string",
        value: "<model, file or folder>",
        about: "checkpoint that it was built from, as model:build takes it",
      },
      revision: { type: "string", value: "<name>", default: "main", about: "revision of a model at the hub" },
      config: {
        type: "string",
        value: "<file>",
        about: "open_clip_config.json (default: beside the checkpoint)",
      },
      samples: { ...SAMPLES_OPTION, about: "number of pictures, and of texts, to run" },
      floor: FLOOR_OPTION,
      plot: { type: "string", value: "<file>", about: "PNG to write (default: .cache/verify/<alias>.png)" },
    },
  },
  async (options, [folder = ""]) => {
    if (options.checkpoint === undefined) throw new UsageError("--checkpoint is missing");
    const [samples, floor] = [parseSamples(options.samples), parseFloor(options.floor)];
    const { path: checkpoint } = await findCheckpoint(options.checkpoint, options.revision);
    const { alias, id, revision } = await readManifest(folder);
    const progress = terminalProgress(process.stderr);
    const towers = await verifyModel({
      folder: resolve(folder),
      checkpoint,
      config: options.config ?? join(dirname(checkpoint), CONFIG_NAME),
      open: await ortGraphs(),
      samples: exampleSamples(samples),
      progress,
    });
    progress.done();
    console.log(verifyTable(towers));
    const plot = resolve(options.plot ?? join(CACHE, "verify", `${alias}.png`));
    await mkdir(dirname(plot), { recursive: true });
    await writeVerifyPlot(plot, `${alias} ${revision}`, towers);
    console.log(`plot: ${plot}`);
    const below = belowFloor(towers, floor);
    if (below.length === 0) console.log(`${id} is verified: every cosine is at least ${floor}`);
    else throw new Error(`below ${floor}: ${below.join(", ")}`);
  },
);
