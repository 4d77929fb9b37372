/**
 * Shows a comparison: a table with a row for each text and a column for each picture, because texts are long and
 * thumbnails are narrow. Colors go from the lowest to the highest similarity in the whole table; each cell also shows
 * the number. On a narrow screen a text stands above its cells; roles are written out, because a table that is laid out
 * as a grid may lose its own.
 */
import type { Similarity } from "../api/types.ts";
import { make } from "../dom.ts";
import type { Picture } from "../pictures/chosen-picture.ts";
import { preview } from "../pictures/preview.ts";
import type { Shown } from "./classification.ts";
import { cosineText, percent } from "./figures.ts";

const CAPTION = "heat-map-caption";
const EXPLANATION =
  "Each cell shows the similarity and, below it, the probability of the text among all texts. The best text for each picture has a frame.";

export function showHeatMap({ data }: Similarity, pictures: readonly Picture[]): Shown {
  const texts = data[0]?.scores.map(({ text }) => text) ?? [];
  const all = data.flatMap(({ scores }) => scores.map(({ similarity }) => similarity));
  const least = Math.min(...all);
  const range = Math.max(...all) - least || 1;
  const best = data.map(({ scores }) => indexOfMost(scores.map(({ similarity }) => similarity)));

  const cell = (column: number, row: number): HTMLElement => {
    const { similarity = 0, probability = 0 } = data[column]?.scores[row] ?? {};
    const isBest = best[column] === row;
    const content = [make("span", {}, cosineText(similarity)), make("small", {}, percent(probability))];
    if (isBest) content.push(make("span", { class: "visually-hidden" }, "best for its picture"));
    const element = make("td", { role: "cell", ...(isBest && { class: "best" }) }, ...content);
    element.style.setProperty("--share", ((similarity - least) / range).toFixed(4));
    return element;
  };
  const rows = texts.map((text, row) =>
    make(
      "tr",
      { role: "row" },
      make("th", { scope: "row", role: "rowheader" }, make("span", {}, text)),
      ...data.map((_, column) => cell(column, row)),
    ),
  );
  const head = make("th", { scope: "col", role: "columnheader" }, "Text");
  const table = make(
    "table",
    { class: "heat", role: "table", "aria-describedby": CAPTION },
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, head, ...pictures.map(pictureHead))),
    make("tbody", { role: "rowgroup" }, ...rows),
  );
  table.style.setProperty("--columns", String(pictures.length));
  const caption = make("p", { class: "caption", id: CAPTION }, EXPLANATION);
  const scale = make("p", { class: "scale" }, cosineText(least), make("span", {}), cosineText(least + range));
  const spoken = pictures.map(({ name }, column) => `${name}: ${texts[best[column] ?? 0] ?? ""}`).join("; ");
  // A wide table scrolls on its own. It must be focusable for the arrow keys to scroll it.
  const scroller = make(
    "div",
    { class: "scroller", role: "region", "aria-label": "Similarities", tabindex: "0" },
    table,
  );
  return { element: make("div", {}, caption, scroller, scale), spoken };
}

function pictureHead(picture: Picture): HTMLElement {
  const name = make("span", { class: "visually-hidden" }, picture.name);
  return make(
    "th",
    { scope: "col", role: "columnheader", title: picture.name },
    preview(picture, false),
    name,
  );
}

function indexOfMost(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}
