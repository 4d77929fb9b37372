/** Files as somebody chooses them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { EXAMPLES } from "./parts.ts";

export interface ChosenFile {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

/** @param example name of an example picture, without its ending */
export async function pictureFile(example: string, name = `${example}.png`): Promise<ChosenFile> {
  return { name, mimeType: "image/png", buffer: await readFile(join(EXAMPLES, `${example}.png`)) };
}

export function noPicture(name: string): ChosenFile {
  return { name, mimeType: "text/plain", buffer: Buffer.from("no picture") };
}
