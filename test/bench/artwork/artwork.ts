/**
 * Pictograms by the names of emojis, from packages that only `npm run bench:examples` and `npm run bench:vectors`
 * install.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Resvg } from "@resvg/resvg-js";

const PACKAGES = join(import.meta.dirname, "node_modules");
/** Pixels; the demonstration model sees 64. */
const SIZE = 128;

/** Around the drawing, of its longer side: about as much as the pictures have that are classified. */
const MARGIN = 0.03;

const read = async <T>(path: string): Promise<T> =>
  JSON.parse(await readFile(join(PACKAGES, path), "utf8")) as T;

interface IconSet {
  width?: number;
  height?: number;
  icons: Record<string, { body: string; width?: number; height?: number }>;
  aliases?: Record<string, { parent: string }>;
}

/** Code points of each emoji, as the names of files have them, by its name in lower case. */
export async function codePoints(): Promise<Map<string, string>> {
  const emojis = await read<{ label: string; hexcode: string }[]>("emojibase-data/en/data.json");
  return new Map(emojis.map(({ label, hexcode }) => [label.toLowerCase(), hexcode.toLowerCase()]));
}

/** Artwork in one style. */
export class Artwork {
  readonly #icons: IconSet;
  readonly #names: Record<string, string>;

  private constructor(icons: IconSet, names: Record<string, string>) {
    this.#icons = icons;
    this.#names = names;
  }

  static async of(style: "twemoji" | "openmoji"): Promise<Artwork> {
    const folder = `@iconify-json/${style}`;
    return new Artwork(
      await read<IconSet>(`${folder}/icons.json`),
      await read<Record<string, string>>(`${folder}/chars.json`),
    );
  }

  /** A PNG on white, cut to the drawing. @throws Error if the style has none */
  png(codes: string): Uint8Array {
    const name = this.#names[codes] ?? this.#names[codes.replaceAll("-fe0f", "")] ?? "";
    const icon = this.#icons.icons[this.#icons.aliases?.[name]?.parent ?? name];
    if (icon === undefined) throw new Error(`there is no picture of ${codes}`);
    const { width = this.#icons.width ?? 16, height = this.#icons.height ?? 16, body } = icon;
    const svgOf = (view: readonly number[]): string =>
      `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="${view.join(" ")}">${body}</svg>`;
    const drawn = new Resvg(svgOf([0, 0, width, height])).innerBBox() ?? { x: 0, y: 0, width, height };
    const side = Math.max(drawn.width, drawn.height) * (1 + 2 * MARGIN);
    const view = [drawn.x + (drawn.width - side) / 2, drawn.y + (drawn.height - side) / 2, side, side];
    return new Resvg(svgOf(view), { background: "white", fitTo: { mode: "width", value: SIZE } })
      .render()
      .asPng();
  }
}
