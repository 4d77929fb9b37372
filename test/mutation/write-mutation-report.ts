/**
 * `node test/mutation/write-mutation-report.ts [report …]`: writes Stryker's results for each file into
 * `docs/mutation.md`.
 */
import { readFile, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readCommandLine } from "../../build/command-line/command.ts";
import { percent } from "../../build/report/percent.ts";

interface Mutant {
  status: string;
}

/** What is said of a file. */
interface Row {
  mutants: number;
  found: number;
  /** Version of the code that was changed. */
  version: string;
}

const ROOT = join(import.meta.dirname, "../..");
const DOCUMENT = join(ROOT, "docs/mutation.md");
/** This script writes what is below this line; people write what is above. */
const MARKER = "<!-- figures -->";
const WRITTEN_ROW =
  /^\| (?<file>\S+\.ts) \| (?<mutants>\d+) \| (?<found>\d+) \| [\d.]+ % \| (?<version>\S+) \|/gm;
const FOUND = new Set(["Killed", "Timeout"]);
const LOST = new Set(["Survived", "NoCoverage"]);

const { isPart, reports } = readCommandLine(
  {
    usage: "node test/mutation/write-mutation-report.ts [--part] [report …]",
    about: "Writes Stryker's results to docs/mutation.md. npm run mutate runs it.",
    words: ["[report …]"],
    options: {
      part: {
        type: "boolean",
        default: false,
        about: "The reports are of some files; of others, what former runs found stays.",
      },
    },
  },
  ({ part }, words) => ({
    isPart: part,
    reports: words.length > 0 ? words : [join(ROOT, ".cache/mutation.json")],
  }),
);

const [head = "", written = ""] = (await readFile(DOCUMENT, "utf8")).split(MARKER);
const rows = new Map(isPart ? rowsOf(written) : []);
const { version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { version: string };
let timeouts = 0;
for (const path of reports) {
  const { files } = JSON.parse(await readFile(path, "utf8")) as {
    files: Record<string, { mutants: Mutant[] }>;
  };
  for (const [file, { mutants }] of Object.entries(files)) {
    const found = mutants.filter(({ status }) => FOUND.has(status)).length;
    const lost = mutants.filter(({ status }) => LOST.has(status)).length;
    timeouts += mutants.filter(({ status }) => status === "Timeout").length;
    if (found + lost > 0) rows.set(file, { mutants: found + lost, found, version });
    else rows.delete(file);
  }
}

const sorted = [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1));
const versions = [...new Set(sorted.map(([, row]) => row.version))].toSorted();
const ofVersions = versions.map((of) =>
  sumOf(
    of,
    [...rows.values()].filter((row) => row.version === of),
  ),
);
const all = sumOf("all", [...rows.values()]);
await writeFile(
  DOCUMENT,
  `${head}${MARKER}

| file | mutants | found | score | version |
|---|---|---|---|---|
${sorted.map(lineOf).join("\n")}
${[...(versions.length > 1 ? ofVersions : []), all].map(totalOf).join("\n")}
`,
);
console.log(
  `${all.found} of ${all.mutants} mutants found: ${percent(all.found / all.mutants)}; in the reports, ${timeouts} by a test that did not end`,
);

function lineOf([file, { mutants, found, version: of }]: [string, Row]): string {
  return `| ${file} | ${mutants} | ${found} | ${percent(found / mutants)} | ${of} |`;
}

function sumOf(name: string, some: readonly Row[]): Row {
  const mutants = some.reduce((sum, row) => sum + row.mutants, 0);
  return { mutants, found: some.reduce((sum, row) => sum + row.found, 0), version: name };
}

function totalOf({ mutants, found, version: of }: Row): string {
  return `| **${of}** | ${mutants} | ${found} | **${percent(found / mutants)}** | |`;
}

/** Rows of the files that are still there. */
function rowsOf(table: string): [file: string, row: Row][] {
  return [...table.matchAll(WRITTEN_ROW)].flatMap(({ groups }) => {
    const { file = "", mutants, found, version: of = "" } = groups ?? {};
    const row = { mutants: Number(mutants), found: Number(found), version: of };
    return existsSync(join(ROOT, file)) ? [[file, row]] : [];
  });
}
