/** `npm run model:pull`: fetches a checkpoint from the Hugging Face hub. */
import { runCommand } from "../../build/command-line/command.ts";
import { terminalProgress } from "../../build/report/progress.ts";
import { cacheOfEnvironment } from "../../build/hub/hub-cache.ts";
import { hubOfEnvironment } from "../../build/hub/hub-file.ts";
import { DEFAULT_PRESET, PRESETS, repositoryOf } from "../../build/hub/presets.ts";
import { pullModel } from "../../build/hub/pull-model.ts";
import { megabytes } from "../../build/report/megabytes.ts";

function list(): void {
  for (const [name, preset] of Object.entries(PRESETS)) {
    const { repository, imageSize, accuracy, accuracyAt384, license } = preset;
    const at384 = accuracyAt384 === undefined ? "" : `, ${accuracyAt384} % at 384`;
    console.log(
      `${name.padEnd(36)}${repository}\n${" ".repeat(36)}${imageSize} px, ${accuracy} %${at384}, ${license}`,
    );
  }
}

async function pull(name: string, revision: string): Promise<void> {
  const repository = repositoryOf(name);
  const { folder, commit, bytes, keptBytes } = await pullModel(repository, {
    hub: hubOfEnvironment(),
    cache: cacheOfEnvironment(),
    revision,
    progress: terminalProgress(process.stderr),
  });
  console.log(
    `${repository}@${commit.slice(0, 8)}: ${megabytes(bytes)} MB fetched, ${megabytes(keptBytes)} MB were there already`,
  );
  const option = revision === "main" ? "" : ` --revision ${revision}`;
  console.log(`${folder}\nnext: npm run model:build -- ${name}${option}`);
}

await runCommand(
  {
    usage: "npm run model:pull -- [model] [options]",
    about: `Fetches a checkpoint from the Hugging Face hub into the cache that the hub's clients share. The model is a preset
(--list shows them) or a repository that holds an OpenCLIP ConvNeXt or ViT; the default is ${DEFAULT_PRESET}. Uses HF_TOKEN,
HF_ENDPOINT, HF_HOME and HF_HUB_CACHE.`,
    words: ["[model]"],
    options: {
      revision: { type: "string", value: "<name>", default: "main", about: "branch, tag or commit" },
      list: { type: "boolean", default: false, about: "shows the presets" },
    },
  },
  async ({ list: asksForList, revision }, [name = DEFAULT_PRESET]) => {
    if (asksForList) list();
    else await pull(name, revision);
  },
);
