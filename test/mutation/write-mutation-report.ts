/**
 * `node test/mutation/write-mutation-report.ts`: writes Stryker's results (`.cache/mutation.json`) for each file into
 * `docs/mutation.md`.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readCommandLine } from "../../build/command-line/command.ts";

interface Mutant {
  status: string;
  mutatorName: string;
  replacement?: string;
  location: { start: { line: number } };
}

const ROOT = join(import.meta.dirname, "../..");
const DOCUMENT = join(ROOT, "docs/mutation.md");
/** This script writes what is below this line; people write what is above. */
const MARKER = "<!-- figures -->";
const FOUND = new Set(["Killed", "Timeout"]);
const LOST = new Set(["Survived", "NoCoverage"]);

readCommandLine({
  usage: "node test/mutation/write-mutation-report.ts",
  about: "Writes Stryker's results to docs/mutation.md. npm run mutate runs it.",
});
const report = JSON.parse(await readFile(join(ROOT, ".cache/mutation.json"), "utf8")) as {
  files: Record<string, { mutants: Mutant[] }>;
};

let [found, all] = [0, 0];
const rows: string[] = [];
for (const [file, { mutants }] of Object.entries(report.files)) {
  const killed = mutants.filter(({ status }) => FOUND.has(status)).length;
  const lost = mutants.filter(({ status }) => LOST.has(status)).length;
  if (killed + lost === 0) continue;
  found += killed;
  all += killed + lost;
  rows.push(`| ${file} | ${killed + lost} | ${killed} | ${percent(killed, killed + lost)} |`);
}

const [head = ""] = (await readFile(DOCUMENT, "utf8")).split(MARKER);
await writeFile(
  DOCUMENT,
  `${head}${MARKER}

| file | mutants | found | score |
|---|---|---|---|
${rows.join("\n")}
| **all** | ${all} | ${found} | **${percent(found, all)}** |
`,
);
console.log(`${found} of ${all} mutants found: ${percent(found, all)}`);

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}
