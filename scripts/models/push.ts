/** `npm run model:push`: puts built models into R2. */
import { runCommand } from "../../build/command-line/command.ts";
import { megabytes } from "../../build/report/megabytes.ts";
import { terminalProgress } from "../../build/report/progress.ts";
import { modelReference } from "../../model-shards/model-reference.ts";
import { modelBucket, REMOTE_OPTION } from "./model-bucket.ts";
import { putModel } from "./models-in-r2.ts";
import { readManifest } from "./read-manifest.ts";

/** @param folders of built models */
async function pushModels(folders: readonly string[], remote: boolean): Promise<void> {
  await modelBucket(remote)(async (bucket) => {
    for (const folder of folders) {
      const model = modelReference(await readManifest(folder));
      const before = Date.now();
      const progress = terminalProgress(process.stderr);
      const { files, bytes, keptBytes } = await putModel(bucket, folder, (file) => progress.step(file));
      progress.done();
      const seconds = (Date.now() - before) / 1000;
      console.log(
        `${model}: ${files} files, ${megabytes(bytes)} MB sent in ${seconds.toFixed(1)} s; ` +
          `${megabytes(keptBytes)} MB were there already`,
      );
    }
  });
}

await runCommand(
  {
    usage: "npm run model:push -- <folder> … [--remote]",
    about: "Puts built models into R2. Files that are there already are not sent again.",
    words: ["<folder> …"],
    options: { remote: REMOTE_OPTION },
  },
  ({ remote }, folders) => pushModels(folders, remote),
);
