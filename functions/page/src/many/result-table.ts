/** A row for each picture: its name, best label and score, or why it was refused. A row opens to all of its labels. */
import { Failure } from "../api/failure.ts";
import type { Ranking } from "../api/types.ts";
import { openPicture } from "../dialogs/picture-dialog.ts";
import { button, make } from "../dom.ts";
import { failureInWords } from "../failure-in-words.ts";
import { preview } from "../pictures/preview.ts";
import { type Asked, bestOf, NONE, showClassification } from "../results/classification.ts";
import { percent } from "../results/figures.ts";
import type { Row } from "./ask-many.ts";

export type ClassifiedRow = Row<Ranking>;

export interface ResultTable {
  element: HTMLElement;
  /** Shows a row's answer. */
  update: (row: ClassifiedRow) => void;
}

/**
 * @param hasNone true for a column with the scores of "none of these"
 * @param asked what a row was asked
 */
export function resultTable(
  rows: readonly ClassifiedRow[],
  hasNone: boolean,
  asked: (row: ClassifiedRow) => Asked,
): ResultTable {
  const heads = ["Picture", "Label", "Score", ...(hasNone ? ["None"] : [])];
  const elements = new Map(rows.map((row) => [row, make("tr", {}, pictureHead(row))]));
  const waiting = heads.length - 1;
  for (const element of elements.values()) {
    element.append(make("td", { colspan: String(waiting), class: "waiting" }, "…"));
  }
  const table = make(
    "table",
    { class: "many" },
    make("caption", { class: "visually-hidden" }, "Pictures and their best labels"),
    make("thead", {}, make("tr", {}, ...heads.map((name) => make("th", { scope: "col" }, name)))),
    make("tbody", {}, ...elements.values()),
  );
  const update = (row: ClassifiedRow): void => {
    const element = elements.get(row);
    const { answer } = row;
    if (element === undefined || answer === undefined) return;
    const [head] = element.cells;
    element.replaceChildren(...(head === undefined ? [] : [head]));
    if (answer instanceof Failure) {
      element.append(
        make("td", { colspan: String(waiting), class: "refused" }, failureInWords(answer).detail),
      );
      return;
    }
    const best = bestOf(answer);
    const isNone = best === undefined || answer.prediction === null;
    const label = best === undefined ? "below the thresholds" : best.label;
    const open = button(label, () => showRow(row, asked(row)), {
      class: isNone ? "open without" : "open",
      "aria-haspopup": "dialog",
    });
    const { none_score: none } = answer;
    const score = best === undefined || best.label === NONE ? "" : percent(best.score);
    element.append(make("td", {}, open), make("td", {}, score));
    if (hasNone) element.append(make("td", {}, none === undefined ? "" : percent(none)));
  };
  return { element: table, update };
}

function pictureHead({ picture }: ClassifiedRow): HTMLElement {
  return make(
    "th",
    { scope: "row" },
    make("span", {}, preview(picture, false), make("span", {}, picture.name)),
  );
}

/** The picture, large, with all of its labels. */
function showRow({ picture, answer }: ClassifiedRow, asked: Asked): void {
  if (answer === undefined || answer instanceof Failure) return;
  openPicture(picture.name, preview(picture, false), showClassification(answer, asked).element);
}
