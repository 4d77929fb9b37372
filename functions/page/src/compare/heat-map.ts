/** Similarities as a table whose cells are the warmer the higher: texts down, pictures across. */
import { make } from "../shared/dom.ts";
import type { Picture } from "../shared/picture.ts";

/** One picture's scores, one a text. */
export interface Row {
  scores: { similarity: number }[];
}

/** Classes h0 to h9 of the stylesheet. */
const STEPS = 10;

export function heatMap(
  pictures: readonly Picture[],
  texts: readonly string[],
  rows: readonly Row[],
): HTMLElement {
  const all = rows.flatMap(({ scores }) => scores.map(({ similarity }) => similarity));
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const heat = (similarity: number): string => {
    const share = high === low ? 1 : (similarity - low) / (high - low);
    return `h${Math.min(STEPS - 1, Math.floor(share * STEPS))}`;
  };
  const bests = rows.map(({ scores }) => Math.max(...scores.map(({ similarity }) => similarity)));
  const heads = pictures.map(({ name, preview }) =>
    make("th", { scope: "col" }, preview === undefined ? name : make("img", { src: preview, alt: name })),
  );
  const lines = texts.map((text, at) => {
    const cells = rows.map(({ scores }, column) => {
      const similarity = scores[at]?.similarity ?? NaN;
      const isBest = similarity === bests[column];
      const cell = make(
        "td",
        { className: `${heat(similarity)}${isBest ? " best" : ""}` },
        similarity.toFixed(3),
      );
      if (isBest) cell.title = "the best text for this picture";
      return cell;
    });
    return make("tr", {}, make("th", { scope: "row" }, text), ...cells);
  });
  const corner = make("td");
  corner.className = "corner";
  return make(
    "div",
    { className: "scroll", tabIndex: 0, role: "region", ariaLabel: "Similarities" },
    make(
      "table",
      { className: "heat" },
      make("thead", {}, make("tr", {}, corner, ...heads)),
      make("tbody", {}, ...lines),
    ),
  );
}
