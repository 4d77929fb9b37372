/** Writes a suite's report as Markdown for people and JSON for programs. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeLineChart } from "../../../scripts/charts/line-chart.ts";
import { machine } from "./machine.ts";
import type { Report, Table } from "./suite.ts";

/**
 * @param suffix what follows the suite's name in the names of the files
 * @returns the Markdown
 */
export async function writeReport(
  folder: string,
  name: string,
  report: Report,
  suffix = "",
): Promise<string> {
  const on = await machine();
  const markdown = markdownOf(name, report, on);
  const file = `${name}${suffix}`;
  const { plots = [], ...content } = report;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${file}.md`), markdown);
  await writeFile(join(folder, `${file}.json`), `${JSON.stringify({ machine: on, ...content }, null, 1)}\n`);
  for (const plot of plots) await writeLineChart(join(folder, plot.file), plot.chart);
  return markdown;
}

function markdownOf(name: string, report: Report, on: Record<string, string>): string {
  const {
    title,
    command = `npm run bench -- --only ${name}`,
    about,
    tables,
    targets = [],
    plots = [],
  } = report;
  const parts = [`# ${title}`, `\`${command}\`. ${about}`];
  for (const table of tables) {
    parts.push(tableOf(table));
    if (table.note !== undefined) parts.push(table.note);
  }
  if (targets.length > 0) {
    const rows = targets.map(({ what, target, reached, met }) => [
      what,
      target,
      reached,
      met ? "met" : "**not met**",
    ]);
    parts.push("## Targets", tableOf({ columns: ["", "target", "reached", ""], rows }));
  }
  for (const { file, alt } of plots) parts.push(`![${alt}](${file})`);
  const machineLine = Object.entries(on).map(([key, value]) => `${key} ${value}`);
  return `${[...parts, `Measured on ${machineLine.join("; ")}.`].join("\n\n")}\n`;
}

function tableOf({ columns, rows }: Table): string {
  return [columns, columns.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
