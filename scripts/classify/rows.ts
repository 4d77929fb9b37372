/** The rows that `classify` writes: CSV (RFC 4180), JSON lines, or columns for people. */
import { printable } from "../../build/command-line/printable.ts";

export interface Row {
  file: string;
  /** Null if no label fits, or if the picture was refused. */
  prediction: string | null;
  score: number | null;
  /** The score of "none of these"; null without `--none`. */
  noneScore: number | null;
  predictions: readonly { label: string; score: number }[];
  /** Why the picture was refused. */
  error: string | null;
}

export type Format = "csv" | "jsonl" | "text";

/** The first line of a file in this format, with its line end. */
export function heading(format: Format): string {
  return format === "csv" ? "file,prediction,score,none_score,error\n" : "";
}

/** A row as a line, with its line end. */
export function lineOf(row: Row, format: Format): string {
  const { file, prediction, score, noneScore, predictions, error } = row;
  if (format === "jsonl") {
    const none = noneScore === null ? {} : { none_score: noneScore };
    const outcome = error === null ? { prediction, score, ...none, predictions } : { error };
    return `${JSON.stringify({ file, ...outcome })}\n`;
  }
  if (format === "csv") return `${[file, prediction, score, noneScore, error].map(csvField).join()}\n`;
  const outcome = error ?? `${prediction ?? "none of these"}  ${score?.toFixed(4) ?? ""}`.trimEnd();
  return `${printable(file)}  ${printable(outcome)}\n`;
}

function csvField(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export interface Written {
  /** The whole lines of pictures that were classified, with the heading. */
  text: string;
  files: Set<string>;
}

/**
 * What an earlier run wrote. A line that was cut off is left out, and so are pictures that were refused: they are tried
 * again.
 * @throws Error if the text is not what this command writes
 */
export function readWritten(text: string, format: "csv" | "jsonl"): Written {
  const kept = { text: heading(format), files: new Set<string>() };
  const lines = format === "csv" ? csvRecords(text) : text.split("\n").slice(0, -1);
  const rows = format === "csv" ? lines.slice(1) : lines;
  // A run that was ended at once leaves a part of its first line.
  const start = format === "csv" ? heading("csv") : '{"file":';
  if (lines.length === 0 && !start.startsWith(text) && (format === "csv" || !text.startsWith(start))) {
    throw new Error("the file has something else in it than this command writes");
  }
  if (format === "csv" && lines.length > 0 && `${lines[0]}\n` !== heading("csv")) {
    throw new Error("the file has other columns than this command writes");
  }
  for (const line of rows) {
    const { file, error } = format === "csv" ? csvRow(line) : jsonRow(line);
    if (error !== "") continue;
    kept.text += `${line}\n`;
    kept.files.add(file);
  }
  return kept;
}

function jsonRow(line: string): { file: string; error: string } {
  const { file, error = "" } = JSON.parse(line) as { file?: unknown; error?: string };
  if (typeof file !== "string") throw new Error("the file has a line without a picture's name");
  return { file, error };
}

function csvRow(record: string): { file: string; error: string } {
  const fields = [...record.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain,
  );
  return { file: fields[0] ?? "", error: fields[4] ?? "" };
}

/** The whole records: a line end between quotes belongs to a field. */
function csvRecords(text: string): string[] {
  const records: string[] = [];
  let [start, isQuoted] = [0, false];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') isQuoted = !isQuoted;
    if (text[at] !== "\n" || isQuoted) continue;
    records.push(text.slice(start, at));
    start = at + 1;
  }
  return records;
}
