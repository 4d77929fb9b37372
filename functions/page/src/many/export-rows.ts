/** The table as a file: the columns and fields of `npm run classify`. */
import { Failure } from "../api/failure.ts";
import { failureInWords } from "../failure-in-words.ts";
import type { ClassifiedRow } from "./result-table.ts";

interface Line {
  file: string;
  prediction?: string | null;
  score?: number | null;
  none_score?: number;
  predictions?: readonly { label: string; score: number }[];
  error?: string;
}

const COLUMNS = ["file", "prediction", "score", "none_score", "error"] as const;

export function csvOf(rows: readonly ClassifiedRow[]): string {
  const lines = rows.map((row) => {
    const line = lineOf(row);
    return COLUMNS.map((column) => csvField(line[column])).join(",");
  });
  return `${[COLUMNS.join(","), ...lines].join("\n")}\n`;
}

export function jsonLinesOf(rows: readonly ClassifiedRow[]): string {
  return rows.map((row) => `${JSON.stringify(lineOf(row))}\n`).join("");
}

function lineOf({ picture: { name: file }, answer }: ClassifiedRow): Line {
  if (answer === undefined) return { file, error: "not classified" };
  if (answer instanceof Failure) return { file, error: failureInWords(answer).detail };
  const { prediction, score, none_score: none, predictions } = answer;
  const best = predictions.map(({ label, score: of }) => ({ label, score: of }));
  return { file, prediction, score, ...(none === undefined ? {} : { none_score: none }), predictions: best };
}

/** RFC 4180. */
function csvField(value: string | number | null | undefined): string {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
