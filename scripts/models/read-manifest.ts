/** The manifest of a model that is built on this machine. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Manifest, manifestSchema } from "../../model-shards/manifest.ts";
import { MANIFEST_FILE } from "../../model-shards/model-files.ts";

/**
 * @param folder a built model's, `model-shards/<alias>`
 * @throws Error if there is no manifest, or if it has another version of the format
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const json = await readFile(join(folder, MANIFEST_FILE), "utf8").catch((cause: unknown) => {
    throw new Error(`${folder} holds no built model: there is no ${MANIFEST_FILE} in it`, { cause });
  });
  try {
    return manifestSchema.parse(JSON.parse(json));
  } catch (cause) {
    throw new Error(
      `${join(folder, MANIFEST_FILE)} is not a manifest of this version: build the model again`,
      {
        cause,
      },
    );
  }
}
