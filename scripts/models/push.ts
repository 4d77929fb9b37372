/** Puts built models into R2. */
import { putModel, readManifest } from "../models-in-r2.ts";
import { modelBucket } from "./model-bucket.ts";
import { modelReference } from "../../model-shards/model-reference.ts";
import { megabytes } from "../../build/report/megabytes.ts";

/** @param folders of built models */
export async function pushModels(folders: readonly string[], remote: boolean): Promise<void> {
  await modelBucket(remote)(async (bucket) => {
    for (const folder of folders) {
      const model = modelReference(await readManifest(folder));
      const before = Date.now();
      const { files, bytes, keptBytes } = await putModel(bucket, folder, (file) => {
        if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${file}`);
      });
      if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
      const seconds = (Date.now() - before) / 1000;
      console.log(
        `${model}: ${files} files, ${megabytes(bytes)} MB sent in ${seconds.toFixed(1)} s; ` +
          `${megabytes(keptBytes)} MB were there`,
      );
    }
  });
}
