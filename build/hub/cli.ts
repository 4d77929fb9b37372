/**
 * `npm run model:pull -- [model] [--revision <branch, tag or commit>]`: fetches a checkpoint from the Hugging Face hub into
 * the cache that the hub's clients share. The model is a short name (`--list` shows them) or any repository that holds an
 * OpenCLIP ConvNeXt. HF_TOKEN, HF_ENDPOINT, HF_HOME and HF_HUB_CACHE are honoured.
 */
import { parseArgs } from "node:util";
import { terminalProgress } from "../report/progress.ts";
import { cacheOfEnvironment } from "./hub-cache.ts";
import { HubError } from "./hub-error.ts";
import { hubOfEnvironment } from "./hub-file.ts";
import { DEFAULT_PRESET, PRESETS, repositoryOf } from "./presets.ts";
import { pullModel } from "./pull-model.ts";
import { megabytes } from "../report/megabytes.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { revision: { type: "string", default: "main" }, list: { type: "boolean", default: false } },
});

function list(): void {
  for (const [name, { repository, imageSize, accuracy, accuracyAt384 }] of Object.entries(PRESETS)) {
    const at384 = accuracyAt384 === undefined ? "" : `, ${accuracyAt384} % at 384`;
    console.log(`${name.padEnd(36)}${repository}\n${" ".repeat(36)}${imageSize} px, ${accuracy} %${at384}`);
  }
}

async function pull(name: string): Promise<void> {
  const repository = repositoryOf(name);
  const { folder, commit, bytes, keptBytes } = await pullModel(repository, {
    hub: hubOfEnvironment(),
    cache: cacheOfEnvironment(),
    revision: values.revision,
    progress: terminalProgress(process.stderr),
  });
  console.log(
    `${repository}@${commit.slice(0, 8)}: ${megabytes(bytes)} MB fetched, ${megabytes(keptBytes)} MB were there`,
  );
  console.log(`${folder}\nnow: npm run model:build -- ${name}`);
}

try {
  if (values.list) list();
  else await pull(positionals[0] ?? DEFAULT_PRESET);
} catch (error) {
  if (!(error instanceof HubError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
