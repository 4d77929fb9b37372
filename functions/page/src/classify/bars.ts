/** A classification as bars: probability by length, similarity as a number. */
import { make } from "../shared/dom.ts";

export interface Classification {
  prediction: string | null;
  score: number | null;
  predictions: { label: string; score: number; similarity: number }[];
}

export function bars({ prediction, score, predictions }: Classification): Node[] {
  const winner =
    prediction === null || score === null
      ? make("p", { className: "winner" }, "None of these labels")
      : make("p", { className: "winner" }, `${prediction} `, make("small", {}, percent(score)));
  const list = predictions.map((each) => {
    const filled = make("div");
    filled.style.width = `${100 * each.score}%`;
    const similarity = make("small", {}, `similarity ${each.similarity.toFixed(3)}  `);
    return make(
      "li",
      {},
      make(
        "div",
        { className: "line" },
        make("span", { className: "label" }, each.label),
        make("span", { className: "numbers" }, similarity, percent(each.score)),
      ),
      make("div", { className: "track", ariaHidden: "true" }, filled),
    );
  });
  return [winner, make("ol", { className: "bars" }, ...list)];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
