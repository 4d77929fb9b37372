/** Shows a classification: the best label, and a bar for each label. */
import type { Classification } from "../api/types.ts";
import { make } from "../dom.ts";
import { cosineText, percent } from "./figures.ts";

export interface Shown {
  element: HTMLElement;
  /** What a screen reader says when the answer is shown. */
  spoken: string;
}

export function showClassification({ data }: Classification): Shown {
  const [row] = data;
  const [best] = row?.predictions ?? [];
  if (row === undefined || best === undefined) {
    return { element: make("p", { class: "empty" }, "No label is similar enough."), spoken: "No label." };
  }
  const winner = make(
    "p",
    { class: "winner" },
    make("strong", {}, best.label),
    make("span", {}, percent(best.score)),
  );
  const table = make(
    "table",
    { class: "bars" },
    make("caption", { class: "visually-hidden" }, "Labels, the best first"),
    make(
      "thead",
      {},
      make(
        "tr",
        {},
        ...["Label", "Probability", "Similarity"].map((name) => make("th", { scope: "col" }, name)),
      ),
    ),
    make("tbody", {}, ...row.predictions.map(barRow)),
  );
  return {
    element: make("div", {}, winner, table),
    spoken: `${best.label}, ${percent(best.score)}`,
  };
}

function barRow({
  label,
  score,
  similarity,
}: Classification["data"][number]["predictions"][number]): HTMLElement {
  const bar = make("span", { class: "bar" });
  bar.style.setProperty("--share", score.toFixed(4));
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, make("span", {}, label), bar),
    make("td", {}, percent(score)),
    make("td", {}, cosineText(similarity)),
  );
}
