/**
 * Sends many requests while the service's dependencies fail at random. Every answer with status 200 must equal the
 * fault-free answer bit by bit; every other answer must be a refusal of the contract. The isolates restart after every
 * few hundred requests, because warm isolates rarely use their dependencies.
 */
import { isDeepStrictEqual } from "node:util";
import { Dice } from "../../attack/grammar/dice.ts";
import { type Answer, request } from "../../support/send-request.ts";
import { substance } from "../asking.ts";
import { type FaultyDeployment, type Prepared, withCopy } from "../deployment.ts";
import { makeQuestions, type Question } from "./questions.ts";

export interface RandomReport {
  /** Answers by status and code. */
  outcomes: Map<string, number>;
  /** Number of faults that occurred, by operation and kind. */
  struck: Map<string, number>;
  /** Descriptions of wrong answers. */
  wrong: string[];
}

const AT_ONCE = 6;
/** Number of different requests; each is sent more than once. */
const QUESTIONS = 300;
const PER_DEPLOYMENT = 300;
/** Probabilities that an operation fails. */
const PROBABILITIES = [0.02, 0.05, 0.15, 0.4];

export async function runRandom(prepared: Prepared, count: number, seed: number): Promise<RandomReport> {
  const questions = await makeQuestions(Math.min(QUESTIONS, count), seed, prepared.set);
  const right = await withCopy(prepared, async (workers) => await askAll(workers, questions));
  const report: RandomReport = { outcomes: new Map(), struck: new Map(), wrong: [] };
  for (let asked = 0; asked < count; asked += PER_DEPLOYMENT) {
    const probability = PROBABILITIES[(asked / PER_DEPLOYMENT) % PROBABILITIES.length] ?? 0;
    const order = shuffled(Math.min(PER_DEPLOYMENT, count - asked), questions.length, seed + asked);
    await withCopy(prepared, async (workers) => {
      await workers.fail({ random: { seed: seed + asked, probability } });
      const answers = await askAll(
        workers,
        order.map((index) => questions[index] as Question),
      );
      for (const [at, answer] of answers.entries()) {
        judge(report, questions[order[at] ?? 0] as Question, answer, right[order[at] ?? 0]);
      }
      add(report.struck, await workers.fail({}));
    });
  }
  return report;
}

async function askAll({ url }: FaultyDeployment, questions: readonly Question[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  const queue = questions.entries();
  const work = async (): Promise<void> => {
    for (const [at, { method, path, body }] of queue) answers[at] = await request(method, url + path, body);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return answers;
}

function judge(
  { outcomes, wrong }: RandomReport,
  question: Question,
  answer: Answer,
  right: Answer | undefined,
): void {
  const { status, headers, body } = answer;
  const { code, type } = (body.error ?? {}) as { code?: string; type?: string };
  const outcome = `${status} ${code ?? ""}`.trim();
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const isRight =
    right !== undefined && right.status < 300 && isDeepStrictEqual(substance(answer), substance(right));
  const isRefusal =
    status === 503 && type === "server_error" && /^[1-9]\d*$/.test(headers.get("retry-after") ?? "");
  // The fault was that R2 reported a missing object.
  const isMissing = code === "label_set_not_found" && status === 404;
  const leaks = JSON.stringify(body).includes("inner trouble");
  if ((isRight || isRefusal || isMissing) && !leaks) return;
  wrong.push(`${JSON.stringify(question).slice(0, 300)}: ${status} ${JSON.stringify(body).slice(0, 500)}`);
}

function shuffled(count: number, below: number, seed: number): number[] {
  const dice = new Dice(seed);
  return Array.from({ length: count }, () => dice.number(below));
}

function add(sums: Map<string, number>, counts: Record<string, number>): void {
  for (const [name, count] of Object.entries(counts)) sums.set(name, (sums.get(name) ?? 0) + count);
}
