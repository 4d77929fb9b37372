/** Reads the programs out of `docs/clients.md`, and writes its table. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { installedVersion } from "./other-packages.ts";

const DOCUMENT = join(import.meta.dirname, "../../docs/clients.md");
const TABLE_HEADING = "## What each call answers\n";

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
    const program = /^```js\n([\s\S]*?)^```$/m.exec(section)?.[1];
    const packages = [...heading.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
    return program === undefined ? [] : [{ packages, program }];
  });
}

/** @param output of the client's program: a line `call: result` for each call */
export async function callsOf({ packages }: DocumentedClient, output: string): Promise<Call[]> {
  const named = await Promise.all(packages.map(async (name) => `${name} ${await installedVersion(name)}`));
  return output
    .trim()
    .split("\n")
    .map((line) => {
      const [call = "", ...result] = line.split(": ");
      return { client: named.join(", "), call, result: result.join(": ") };
    });
}

export function tableOf(calls: readonly Call[]): string {
  const rows = calls.map(({ client, call, result }) => `| ${client} | ${call} | ${result} |`);
  return ["| client | call | result |", "|---|---|---|", ...rows, ""].join("\n");
}

export async function documentedTable(): Promise<string> {
  return (await readFile(DOCUMENT, "utf8")).split(TABLE_HEADING)[1]?.split("\n\n").at(-1) ?? "";
}

export async function writeDocumentedTable(table: string): Promise<void> {
  const text = await readFile(DOCUMENT, "utf8");
  const end = text.lastIndexOf("\n\n") + 2;
  await writeFile(DOCUMENT, text.slice(0, end) + table);
}
