/** The results of a calibration as text and as plots. */
import { join } from "node:path";
import { percent } from "../../build/report/percent.ts";
import { writeLineChart } from "../charts/line-chart.ts";
import {
  accuracy,
  type Answer,
  answerOf,
  atCut,
  atThreshold,
  bestSimilarity,
  calibrationError,
  lead,
  reliability,
  type ScoredPicture,
  type Scores,
  separate,
  type Separated,
  separation,
  suggestCut,
  suggestMinScore,
} from "./metrics.ts";

const THRESHOLDS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
const BINS = 10;
/** Shares of wrongly refused pictures in the tables of cuts. */
const REFUSED = [0, 0.01, 0.02, 0.05, 0.1, 0.2];
/** Points of a plotted curve. */
const POINTS = 50;

export interface Targets {
  /** Least precision of the predictions that `min_score` keeps. */
  precision: number;
  /** Largest share of rightly predicted pictures that may lose their label. */
  refused: number;
}

export class CalibrationReport {
  readonly #answers: Answer[];
  readonly #leads: Separated;
  readonly #similarities: Separated;
  readonly #targets: Targets;

  /** @param others pictures that no label fits; without them, each picture without its own label serves as one */
  constructor(pictures: readonly ScoredPicture[], others: readonly Scores[] | undefined, targets: Targets) {
    this.#answers = pictures.map(answerOf);
    this.#leads = separate(pictures, lead, others);
    this.#similarities = separate(pictures, bestSimilarity, others);
    this.#targets = targets;
  }

  /** The values to send, or a reason why there is none. */
  suggestions(): string[] {
    const { precision, refused } = this.#targets;
    const minScore = suggestMinScore(this.#answers, precision);
    const suggested = [
      minScore === undefined
        ? `min_score: no score is high enough for a precision of ${percent(precision)}`
        : this.#minScore(minScore),
    ];
    if (this.#leads.present.length === 0) return [...suggested, "none, min_similarity: no picture is right"];
    return [
      ...suggested,
      this.#cut(
        "none",
        this.#leads,
        roundedDown(suggestCut(this.#leads, refused), 2),
        (bias) => `{"bias": ${bias}}`,
      ),
      this.#cut(
        "min_similarity",
        this.#similarities,
        roundedDown(suggestCut(this.#similarities, refused), 4),
        String,
      ),
    ];
  }

  text(): string {
    const bins = reliability(this.#answers, BINS);
    return [
      `accuracy ${percent(accuracy(this.#answers))}`,
      table(
        ["min_score", "kept", "precision", "recall"],
        THRESHOLDS.map((threshold) => {
          const { kept, precision, recall } = atThreshold(this.#answers, threshold);
          return [String(threshold), percent(kept), percent(precision), percent(recall)];
        }),
      ),
      `reliability, mean distance between score and accuracy: ${percent(calibrationError(bins))}`,
      table(
        ["score from", "pictures", "mean score", "accuracy"],
        bins.map((bin) => [
          bin.from.toFixed(1),
          String(bin.count),
          percent(bin.meanScore),
          percent(bin.accuracy),
        ]),
      ),
      cutTable("bias of none", this.#leads, 2),
      cutTable("min_similarity", this.#similarities, 4),
      "suggested:",
      ...this.suggestions().map((line) => `  ${line}`),
    ].join("\n");
  }

  /** Writes `thresholds.png` and `none.png`. */
  async writePlots(folder: string): Promise<void> {
    const steps = Array.from({ length: POINTS + 1 }, (_, i) => i / POINTS);
    const rows = steps.map((threshold) => atThreshold(this.#answers, threshold));
    const bins = reliability(this.#answers, BINS);
    const even = { evenX: true, evenY: true };
    await writeLineChart(join(folder, "thresholds.png"), {
      title: "Precision, recall and reliability",
      x: "min_score; for reliability, the mean score",
      y: "%",
      lines: [
        { name: "precision", points: rows.map((row) => [row.threshold, 100 * row.precision]) },
        { name: "recall", points: rows.map((row) => [row.threshold, 100 * row.recall]) },
        { name: "reliability", points: bins.map((bin) => [bin.meanScore, 100 * bin.accuracy]) },
      ],
      ...even,
    });
    const curve = (separated: Separated): [number, number][] =>
      steps.map((refused) => {
        const at = atCut(separated, suggestCut(separated, refused));
        return [100 * at.refused, 100 * at.none];
      });
    if (this.#leads.present.length === 0) return;
    await writeLineChart(join(folder, "none.png"), {
      title: "Pictures that no label fits, against wrongly refused ones",
      x: "wrongly refused, % of the rightly predicted pictures",
      y: "without a label, % of the pictures that no label fits",
      lines: [
        { name: "bias of none", points: curve(this.#leads) },
        { name: "min_similarity", points: curve(this.#similarities) },
      ],
      ...even,
    });
  }

  #minScore(exact: number): string {
    const minScore = roundedUp(exact, 3);
    const { kept, precision } = atThreshold(this.#answers, minScore);
    return `"min_score": ${minScore}: keeps ${percent(kept)}, of which ${percent(precision)} are right`;
  }

  #cut(field: string, separated: Separated, cut: number, shown: (cut: number) => string): string {
    const { none, refused } = atCut(separated, cut);
    return `"${field}": ${shown(cut)}: no label for ${percent(none)} of what no label fits, and for ${percent(refused)} of what was right`;
  }
}

function cutTable(name: string, separated: Separated, digits: number): string {
  const rows = REFUSED.map((target) => {
    const { cut, none, refused } = atCut(separated, suggestCut(separated, target));
    return [cut.toFixed(digits), percent(none), percent(refused)];
  });
  return [
    `${name}: separation ${separation(separated).toFixed(3)} (1 is ideal, 0.5 is chance)`,
    table([name, "without label, rightly", "wrongly refused"], rows),
  ].join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd((head[i] ?? "").length))
      .join("   ")
      .trimEnd();
  return `${[head, ...rows].map(line).join("\n")}\n`;
}

/** Never cuts more than the exact value. */
function roundedDown(value: number, digits: number): number {
  return Math.floor(value * 10 ** digits) / 10 ** digits;
}

/** Never keeps more than the exact value. */
function roundedUp(value: number, digits: number): number {
  return Math.min(1, Math.ceil(value * 10 ** digits) / 10 ** digits);
}
