/**
 * Tests the table of faults row by row, each row in a deployment of its own. `ALL_FAULTS=1` runs all rows;
 * `WRITE_TABLE=1 npx vitest run test/faults/reliability.test.ts` writes the outcomes into `docs/reliability.md`.
 * `DEPENDENCY=<regular expression>` runs, and writes, the rows of some dependencies only.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { substance } from "./asking.ts";
import { prepare, type Prepared } from "./deployment.ts";
import { type Ask, FAULT_ROWS, type FaultRow } from "./fault-rows.ts";
import { faultFree, type RowOutcome, runRow } from "./run-row.ts";

const DOCUMENT = join(import.meta.dirname, "../../docs/reliability.md");
/** This test writes everything below this line. */
const MARKER = "<!-- outcomes -->";
/** Number of deployments at once; most of them only wait. */
const AT_ONCE = 10;

const isWritten = process.env["WRITE_TABLE"] === "1";
/** All rows take minutes. Without ALL_FAULTS=1, one row for each dependency and outcome is tested. */
const isFull = isWritten || process.env["ALL_FAULTS"] === "1";
const rows = (isFull ? FAULT_ROWS : FAULT_ROWS.filter(isFirstOfItsKind)).filter(({ dependency }) =>
  new RegExp(process.env["DEPENDENCY"] ?? "").test(dependency),
);

function isFirstOfItsKind({ dependency, expected }: FaultRow, index: number): boolean {
  const first = FAULT_ROWS.findIndex((row) => row.dependency === dependency && row.expected === expected);
  return index === first && FAULT_ROWS[index]?.lasts === undefined;
}

let prepared: Prepared;
const right = new Map<Ask, unknown>();
const outcomes = new Map<FaultRow, RowOutcome>();

beforeAll(async () => {
  prepared = await prepare();
  for (const row of rows) if (!right.has(row.ask)) right.set(row.ask, await faultFree(row, prepared));
  // The rows that wait longest start first.
  const queue = rows.toSorted((a, b) => (b.lasts ?? b.within) - (a.lasts ?? a.within)).values();
  const work = async (): Promise<void> => {
    for (const row of queue) outcomes.set(row, await runRow(row, prepared));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}, 900_000);

afterAll(async () => {
  await rm(prepared.storage, { recursive: true });
});

/** The outcome in the words of the table. */
function kindOf({ row, answer }: RowOutcome): string {
  const { status, headers, body } = answer;
  if (status < 300)
    return isDeepStrictEqual(substance(answer), right.get(row.ask)) ? "the right answer" : "a wrong answer";
  const { code, type, message } = body.error as Record<string, string>;
  const isRefusal =
    status === 503 && type === "server_error" && /^[1-9]\d*$/.test(headers.get("retry-after") ?? "");
  return isRefusal && message?.includes("inner trouble") === false
    ? String(code)
    : `${status} ${JSON.stringify(body)}`;
}

it.each(rows.map((row) => ({ what: `${row.dependency} ${row.fault} (${row.ask})`, row })))(
  "holds when: $what",
  ({ row }) => {
    const outcome = outcomes.get(row) as RowOutcome;
    expect(outcome.struck, "the fault struck").toBe(true);
    expect(kindOf(outcome)).toBe(row.expected);
    expect(outcome.took, "milliseconds to the answer").toBeLessThan(row.within);
    // If the set was half deleted when the fault occurred, it is then gone.
    const gone = { isDone: false, id: undefined, error: outcome.recovered.body.error };
    const wanted = row.ask === "delete" && outcome.recovered.status === 404 ? gone : right.get(row.ask);
    expect(substance(outcome.recovered)).toEqual(wanted);
  },
);

it.runIf(isWritten)("is written down", async () => {
  const [head = "", written = ""] = (await readFile(DOCUMENT, "utf8")).split(MARKER);
  expect(head).toContain("# Reliability");
  await writeFile(DOCUMENT, head + MARKER + table(written.split("\n")));
});

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(1);

/** @param written the lines of the table so far, which stay for rows that were not run */
function table(written: readonly string[]): string {
  const lines = FAULT_ROWS.map((row) => {
    const start = `| ${row.dependency} | ${row.fault} | ${row.ask} |`;
    const outcome = outcomes.get(row);
    if (outcome === undefined) return written.find((line) => line.startsWith(start)) ?? `${start} | | |`;
    const { answer, took, asked, recovery } = outcome;
    const said = answer.status < 300 ? row.expected : `${answer.status} \`${answer.body.error.code}\``;
    const often = asked > 1 ? `, ${asked} times` : "";
    return `${start} ${said}${often} | ${seconds(took)} | ${seconds(recovery)} |`;
  });
  return `

| dependency | fault | asked for | outcome | after s | right again after s |
|---|---|---|---|---|---|
${lines.join("\n")}
`;
}
