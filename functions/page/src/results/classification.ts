/** Shows a classification: the best label, and a bar for each label. */
import { Failure } from "../api/failure.ts";
import type { Ranking } from "../api/types.ts";
import type { ApiRequest } from "../api-request.ts";
import { button, make } from "../dom.ts";
import { failureInWords } from "../failure-in-words.ts";
import { cosineText, percent } from "./figures.ts";

export const NONE = "none of these";

const SIMILARITY = "Similarity is how near a label by itself is to the picture, from −1 to 1; 0.3 is high.";
const SHARES = `The labels share 100 %. ${SIMILARITY}`;

export interface Shown {
  element: HTMLElement;
  /** What a screen reader says when the answer is shown. */
  spoken: string;
}

export interface Asked {
  /** Number of labels that there are. */
  count: number;
  fields: ApiRequest["fields"];
  /** Asks again, for all labels. */
  all: () => Promise<Ranking | undefined>;
}

export function showClassification(ranking: Ranking | undefined, asked: Asked): Shown {
  const best = bestOf(ranking);
  if (ranking === undefined || best === undefined) {
    const text = "No label reaches the thresholds. They are under “Settings”.";
    return { element: make("p", { class: "empty" }, text), spoken: "No label." };
  }
  const winner = make(
    "p",
    { class: "winner" },
    make("strong", {}, best.label),
    make("span", {}, percent(best.score)),
  );
  const element = make("div", {}, winner, ...explanation(asked), bars(ranking, asked));
  return { element, spoken: `${best.label}, ${percent(best.score)}` };
}

/** The best label, or none of them; undefined if the thresholds leave nothing. */
export function bestOf(ranking: Ranking | undefined): { label: string; score: number } | undefined {
  const [best] = ranking?.predictions ?? [];
  const { prediction = null, none_score: score } = ranking ?? {};
  return prediction === null && score !== undefined ? { label: NONE, score } : best;
}

/** What the figures mean where they mislead. */
function explanation({ count, fields }: Asked): HTMLElement[] {
  if (fields["multi_label"] === true) {
    return [hint("Each label is judged for itself. The scores do not add up to 100 %.")];
  }
  if (count !== 1 || fields["none"] !== undefined) return [];
  return [
    hint(
      "A single label has nothing to compete with, so its probability is always 100 %, whatever the picture shows. " +
        "Look at the similarity, add labels, or let “none of these” take part, under “Settings”.",
    ),
  ];
}

function hint(text: string): HTMLElement {
  return make("p", { class: "hint explanation" }, text);
}

/** A table with a bar for each label, and a button for the labels that are left out. */
function bars(ranking: Ranking, asked: Asked): HTMLElement {
  const { count, fields, all } = asked;
  const rows = ranking.predictions.map(({ label, score, similarity }) => ({
    score,
    element: barRow(label, score, cosineText(similarity)),
  }));
  if (ranking.none_score !== undefined) {
    rows.push({ score: ranking.none_score, element: barRow(NONE, ranking.none_score, "") });
  }
  const score = fields["multi_label"] === true ? "Score" : "Probability";
  const table = make(
    "table",
    { class: "bars" },
    make("caption", { class: "visually-hidden" }, "Labels, the best first"),
    make(
      "thead",
      {},
      make("tr", {}, ...["Label", score, "Similarity"].map((name) => make("th", { scope: "col" }, name))),
    ),
    make("tbody", {}, ...rows.toSorted((a, b) => b.score - a.score).map(({ element }) => element)),
  );
  // The others have an explanation of their own.
  const isShared = fields["multi_label"] !== true && (count > 1 || fields["none"] !== undefined);
  const meaning = make("p", { class: "hint meaning" }, isShared ? SHARES : SIMILARITY);
  const element = make("div", {}, table, meaning);
  const { length } = ranking.predictions;
  if (length >= count) return element;
  const cut = make("p", { class: "cut" }, `${length} of ${count} labels`);
  element.append(cut);
  if (length < Number(fields["top_k"])) {
    cut.append("; the others are below the thresholds");
    return element;
  }
  const problem = make("p", { class: "hint", role: "alert" });
  const showAll = async (): Promise<void> => {
    try {
      const whole = await all();
      if (whole === undefined) return;
      const replacement = bars(whole, { ...asked, fields: { ...fields, top_k: count } });
      replacement.tabIndex = -1;
      element.replaceWith(replacement);
      // Move the focus: the button that had it is gone.
      replacement.focus();
    } catch (error) {
      if (error instanceof Failure) problem.textContent = failureInWords(error).detail;
      else if (!(error instanceof DOMException)) throw error;
    }
  };
  cut.append(button(`Show all ${count}`, () => void showAll()));
  element.append(problem);
  return element;
}

function barRow(label: string, score: number, similarity: string): HTMLElement {
  const bar = make("span", { class: "bar" });
  bar.style.setProperty("--share", score.toFixed(4));
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, make("span", {}, label), bar),
    make("td", {}, percent(score)),
    make("td", {}, similarity),
  );
}
