/** Thousands of pictograms of two artists with their names, for vectors of real pictures. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Resvg } from "@resvg/resvg-js";

export const ARTISTS = ["noto", "openmoji"];
/** resvg ends the process at these two of noto. */
const NOT_DRAWN = new Set(["package", "rainbow-flag"]);

export interface Icon {
  name: string;
  svg: string;
}

interface IconSet {
  width?: number;
  height?: number;
  icons: Record<string, { body: string; width?: number; height?: number }>;
}

/** All that an artist drew. The packages must be installed, see `contenders/contender.ts`. */
export async function iconsOf(artist: string): Promise<Icon[]> {
  const path = join(import.meta.dirname, "node_modules/@iconify-json", artist, "icons.json");
  const { width = 16, height = 16, icons } = JSON.parse(await readFile(path, "utf8")) as IconSet;
  const drawable = Object.entries(icons).filter(([name]) => !NOT_DRAWN.has(name));
  return drawable.map(([name, icon]) => {
    const box = `0 0 ${icon.width ?? width} ${icon.height ?? height}`;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="${box}">${icon.body}</svg>`;
    return { name: name.replaceAll("-", " "), svg };
  });
}

/** PNG in base64, 64 × 64 on white. */
export function drawn({ svg }: Icon): string {
  const options = { background: "#fff", fitTo: { mode: "width", value: 64 } } as const;
  return new Resvg(svg, options).render().asPng().toString("base64");
}
