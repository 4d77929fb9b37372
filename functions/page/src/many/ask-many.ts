/** Sends many pictures in a few requests at a time. What stops one picture does not stop the others. */
import { Failure, type Refusal } from "../api/failure.ts";
import type { Picture } from "../pictures/chosen-picture.ts";

/** Pictures in a request. The API takes 16; with fewer, rows come sooner. */
export const AT_ONCE = 8;
const REQUESTS = 3;
/** Bytes: the API's limits are 20 MB for a picture and 64 MB for a request. */
const MAX_OF_PICTURE = 20e6;
const MAX_OF_REQUEST = 40e6;
/** How often a request waits for a busy server. */
const PATIENCE = 8;
/** Seconds. */
const WAIT = 5;
const LONGEST_WAIT = 60;

export interface Row<Answer> {
  picture: Picture;
  /** Undefined until it is answered. */
  answer?: Answer | Failure;
}

export interface Asking<Answer> {
  /** Sends one request. @returns an answer for each picture */
  ask: (pictures: readonly Picture[], signal: AbortSignal) => Promise<readonly (Answer | Failure)[]>;
  answered: (rows: readonly Row<Answer>[]) => void;
  /** @param seconds 0 when the waiting is over */
  waits: (seconds: number) => void;
}

/** The error of a row, with `on_error` "report". */
export interface RowError {
  error: Pick<Refusal, "message" | "code" | "param">;
}

/**
 * Answers the rows that have no answer.
 * @throws Failure of a whole request, which another one would meet, too; rows keep the answers that they have
 */
export async function askMany<Answer>(
  rows: readonly Row<Answer>[],
  asking: Asking<Answer>,
  signal: AbortSignal,
): Promise<void> {
  const waiting = portions(rows.filter(({ answer }) => answer === undefined));
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  const worker = async (): Promise<void> => {
    for (let portion = waiting.shift(); portion !== undefined; portion = waiting.shift()) {
      await answerPortion(portion, asking, ended);
      asking.answered(portion);
    }
  };
  try {
    await Promise.all(Array.from({ length: REQUESTS }, worker));
  } finally {
    stop.abort();
  }
}

export function rowFailure({ error: { message, code, param } }: RowError): Failure {
  return new Failure({ status: 400, message, code, param, retryAfter: null, requestId: null });
}

async function answerPortion<Answer>(
  portion: readonly Row<Answer>[],
  asking: Asking<Answer>,
  signal: AbortSignal,
): Promise<void> {
  const [sent, tooLarge] = [portion.filter(fits), portion.filter((row) => !fits(row))];
  for (const row of tooLarge) {
    const error = { message: "the picture is larger than 20 MB", code: "image_too_large", param: null };
    row.answer = rowFailure({ error });
  }
  if (sent.length === 0) return;
  const pictures = sent.map(({ picture }) => picture);
  const answers = await patiently(() => asking.ask(pictures, signal), asking.waits, signal);
  for (const [index, row] of sent.entries()) {
    const one = answers[index];
    if (one !== undefined) row.answer = one;
  }
}

/** Tries again where the server asks to wait. */
export async function patiently<Output>(
  attempt: () => Promise<Output>,
  waits: (seconds: number) => void,
  signal: AbortSignal,
): Promise<Output> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const { status = 0, code = "", retryAfter = null } = (error instanceof Failure && error.refusal) || {};
      const isBusy = status === 429 || (status === 503 && code !== "not_configured");
      if (!isBusy || tries === PATIENCE) throw error;
      const seconds = Math.min(retryAfter ?? WAIT, LONGEST_WAIT);
      waits(seconds);
      await pause(1000 * seconds, signal);
      waits(0);
    }
  }
}

/** @throws the signal's reason */
async function pause(duration: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, duration);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  signal.throwIfAborted();
}

/** Rows that go into one request. */
function portions<Answer>(rows: readonly Row<Answer>[]): Row<Answer>[][] {
  const all: Row<Answer>[][] = [];
  let bytes = 0;
  for (const row of rows) {
    const last = all.at(-1);
    const size = sizeOf(row);
    if (last === undefined || last.length === AT_ONCE || bytes + size > MAX_OF_REQUEST) {
      all.push([row]);
      bytes = size;
    } else {
      last.push(row);
      bytes += size;
    }
  }
  return all;
}

function fits(row: Row<unknown>): boolean {
  return sizeOf(row) <= MAX_OF_PICTURE;
}

function sizeOf({ picture }: Row<unknown>): number {
  return "file" in picture ? picture.file.size : 0;
}
