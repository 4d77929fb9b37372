/** Composites RGBA on white, as LAION did for its training pictures: `v × a + 255 × (1 − a)`, rounded. */

/** @returns uint8 RGB */
export function compositeOnWhite(rgba: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    const alpha = rgba[from + 3] ?? 255;
    if (alpha === 255) {
      rgb[to] = rgba[from] ?? 0;
      rgb[to + 1] = rgba[from + 1] ?? 0;
      rgb[to + 2] = rgba[from + 2] ?? 0;
      continue;
    }
    const white = 255 * (255 - alpha);
    for (let channel = 0; channel < 3; channel++) {
      rgb[to + channel] = Math.round(((rgba[from + channel] ?? 0) * alpha + white) / 255);
    }
  }
  return rgb;
}

/**
 * The same for colours that are already multiplied by alpha: `v + 255 × (1 − a)`.
 * @returns uint8 RGB
 */
export function addWhite(premultiplied: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((premultiplied.length / 4) * 3);
  for (let from = 0, to = 0; from < premultiplied.length; from += 4, to += 3) {
    const white = 255 - (premultiplied[from + 3] ?? 255);
    for (let channel = 0; channel < 3; channel++) {
      rgb[to + channel] = Math.min(255, (premultiplied[from + channel] ?? 0) + white);
    }
  }
  return rgb;
}
