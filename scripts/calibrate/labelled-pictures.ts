/** The pictures of a folder that has a subfolder for each label. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../../build/command-line/usage-error.ts";
import { isHidden, pictureFiles } from "../service/picture-files.ts";

export interface LabelledPicture {
  file: string;
  label: string;
}

/**
 * @returns the pictures by label; the subfolders' names are the labels
 * @throws UsageError for a folder that cannot be read or has fewer than two labels with pictures
 */
export async function labelledPictures(folder: string): Promise<LabelledPicture[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new UsageError(`${folder} cannot be read: it must be a folder with a subfolder for each label`, {
      cause,
    });
  });
  const labels = entries
    .filter((entry) => entry.isDirectory() && !isHidden(entry.name))
    .map(({ name }) => name);
  const found: LabelledPicture[] = [];
  for (const label of labels.toSorted()) {
    for (const file of await pictureFiles([join(folder, label)])) found.push({ file, label });
  }
  if (new Set(found.map(({ label }) => label)).size < 2) {
    throw new UsageError(`${folder} must have at least two subfolders with pictures, one for each label`);
  }
  return found;
}
