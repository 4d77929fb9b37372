/** Runs one row of the table in a deployment of its own. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer } from "../support/send-request.ts";
import { ask, substance } from "./asking.ts";
import { type Prepared, withCopy } from "./deployment.ts";
import type { FaultRow } from "./fault-rows.ts";
import type { FaultRule } from "./fault-worker.ts";

export interface RowOutcome {
  row: FaultRow;
  /** The last answer during the fault, and the longest time that an answer took, ms. */
  answer: Answer;
  took: number;
  /** Number of requests during the fault. */
  asked: number;
  /** True if each of the row's faults occurred; of those of an outage that lasts, one. */
  struck: boolean;
  /** Time from the end of the fault to the right answer, ms. */
  recovery: number;
  recovered: Answer;
}

/** If there is no right answer after this many milliseconds, the deployment has not recovered. */
const MAX_RECOVERY = 30_000;
const BETWEEN_QUESTIONS = 1_000;

export async function runRow(row: FaultRow, prepared: Prepared): Promise<RowOutcome> {
  return await withCopy(prepared, async (workers) => {
    const { url, prefix } = workers;
    const revision = prefix.split("/")[1] ?? "";
    const rules = row.rules.map((rule) =>
      rule.key === undefined ? rule : { ...rule, key: rule.key.replace("{revision}", revision) },
    );
    await workers.fail({ rules });
    const begun = Date.now();
    let [took, asked] = [0, 0];
    let answer: Answer;
    do {
      const start = Date.now();
      answer = await ask(row.ask, url, prepared);
      took = Math.max(took, Date.now() - start);
      asked++;
      if (row.lasts !== undefined) await sleep(BETWEEN_QUESTIONS);
    } while (Date.now() - begun < (row.lasts ?? 0) && isAsExpected(row, answer));
    const struck = await workers.fail({});
    const occurred = ({ on, kind }: FaultRule): boolean => (struck[`${on} ${kind}`] ?? 0) > 0;
    const ended = Date.now();
    let recovered = await ask(row.ask, url, prepared);
    while (recovered.status >= 500 && Date.now() - ended < MAX_RECOVERY) {
      await sleep(50);
      recovered = await ask(row.ask, url, prepared);
    }
    return {
      row,
      answer,
      took,
      asked,
      struck: row.lasts === undefined ? row.rules.every(occurred) : row.rules.some(occurred),
      recovery: Date.now() - ended,
      recovered,
    };
  });
}

function isAsExpected({ expected }: FaultRow, { status }: Answer): boolean {
  return expected === "the right answer" ? status < 300 : status === 503;
}

/** Sends the same request to a deployment in which nothing fails. @throws Error if it is refused there */
export async function faultFree(row: FaultRow, prepared: Prepared): Promise<unknown> {
  const answer = await withCopy(prepared, ({ url }) => ask(row.ask, url, prepared));
  if (answer.status >= 300) throw new Error(`${row.ask}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return substance(answer);
}
