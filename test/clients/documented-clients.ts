/** Reads the programs out of `docs/clients.md`, and writes its tables. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { installedVersion } from "./other-packages.ts";

const DOCUMENT = join(import.meta.dirname, "../../docs/clients.md");

export interface DocumentedClient {
  /** The packages that the heading names. */
  packages: string[];
  program: string;
}

/** One line that a program printed. */
export interface Call {
  client: string;
  call: string;
  result: string;
}

export async function documentedClients(): Promise<DocumentedClient[]> {
  const [, ...sections] = (await readFile(DOCUMENT, "utf8")).split(/^## /m);
  return sections.flatMap((section) => {
    const [heading = ""] = section.split("\n", 1);
    const programs = [...section.matchAll(/^```js\n([\s\S]*?)^```$/gm)];
    const packages = [...heading.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
    return programs.map(([, program = ""]) => ({ packages, program }));
  });
}

/** For example `openai 7.57.0`. */
export async function withVersions(packages: readonly string[]): Promise<string> {
  const named = packages.map(async (name) => `${name} ${await installedVersion(name)}`);
  return (await Promise.all(named)).join(", ");
}

/** @param output of the client's program: a line `call: result` for each call */
export async function callsOf({ packages }: DocumentedClient, output: string): Promise<Call[]> {
  const client = await withVersions(packages);
  return output
    .trim()
    .split("\n")
    .map((line) => {
      const [call = "", ...result] = line.split(": ");
      return { client, call, result: result.join(": ") };
    });
}

export function tableOf(calls: readonly Call[]): string {
  return markdownTable(
    ["client", "call", "result"],
    calls.map(({ client, call, result }) => [client, call, result]),
  );
}

export function markdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [columns, columns.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return [...lines, ""].join("\n").replace(/^\| --- .*$/m, `|${"---|".repeat(columns.length)}`);
}

/** The headings under which tests write a table. */
export const TABLES = { calls: "## What each call answers\n", refusals: "## What a refusal looks like\n" };

/** @returns the table, and the text before and after it */
function splitAtTable(text: string, heading: string): [before: string, table: string, after: string] {
  const begin = text.indexOf("\n| ", text.indexOf(heading)) + 1;
  const length = /^(?:\|.*\n)*/.exec(text.slice(begin))?.[0].length ?? 0;
  return [text.slice(0, begin), text.slice(begin, begin + length), text.slice(begin + length)];
}

/** The table under a heading. With `WRITE_TABLE=1`, `found` is written there first. */
export async function documentedTable(heading: string, found: string): Promise<string> {
  const text = await readFile(DOCUMENT, "utf8");
  const [before, table, after] = splitAtTable(text, heading);
  if (process.env["WRITE_TABLE"] !== "1") return table;
  await writeFile(DOCUMENT, before + found + after);
  return found;
}
