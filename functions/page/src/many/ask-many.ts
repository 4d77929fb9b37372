/** Classifies many pictures in a few requests at a time. What stops one picture does not stop the others. */
import { call } from "../api/call.ts";
import { Failure, type Refusal } from "../api/failure.ts";
import { classificationWithErrors, type Ranking } from "../api/types.ts";
import { type ApiRequest, requestInit } from "../api-request.ts";
import type { Picture } from "../pictures/chosen-picture.ts";

/** Pictures in a request. The API takes 16; with fewer, rows come sooner. */
export const AT_ONCE = 8;
const REQUESTS = 3;
/** Bytes: the API's limits are 20 MB for a picture and 64 MB for a request. */
const MOST_OF_PICTURE = 20e6;
const MOST_OF_REQUEST = 40e6;
/** How often a request waits for a busy server. */
const PATIENCE = 8;
/** Seconds. */
const WAIT = 5;
const LONGEST_WAIT = 60;

export interface Row {
  picture: Picture;
  /** Undefined until it is answered. */
  answer?: Ranking | Failure;
}

export interface Progress {
  answered: (rows: readonly Row[]) => void;
  /** @param seconds 0 when the waiting is over */
  waits: (seconds: number) => void;
}

/**
 * Answers the rows that have no answer.
 * @param request its pictures are replaced
 * @throws Failure of a whole request, which another one would meet, too; rows keep the answers that they have
 */
export async function askMany(
  rows: readonly Row[],
  request: ApiRequest,
  { answered, waits }: Progress,
  signal: AbortSignal,
): Promise<void> {
  const waiting = chunks(rows.filter(({ answer }) => answer === undefined));
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  const worker = async (): Promise<void> => {
    for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
      await answer(chunk, request, waits, ended);
      answered(chunk);
    }
  };
  try {
    await Promise.all(Array.from({ length: REQUESTS }, worker));
  } finally {
    stop.abort();
  }
}

async function answer(
  chunk: readonly Row[],
  request: ApiRequest,
  waits: Progress["waits"],
  signal: AbortSignal,
): Promise<void> {
  const sent: Row[] = [];
  for (const row of chunk) {
    if (sizeOf(row) > MOST_OF_PICTURE)
      row.answer = refused("the picture is larger than 20 MB", "image_too_large");
    else sent.push(row);
  }
  if (sent.length === 0) return;
  const pictures = sent.map(({ picture }) => picture);
  const fields = { ...request.fields, on_error: "report" };
  const { data } = await patiently({ ...request, pictures, fields }, waits, signal);
  for (const [index, row] of sent.entries()) {
    const one = data[index];
    if (one === undefined) continue;
    row.answer = "error" in one ? refused(one.error.message, one.error.code, one.error.param) : one;
  }
}

async function patiently(request: ApiRequest, waits: Progress["waits"], signal: AbortSignal) {
  for (let tries = 1; ; tries++) {
    try {
      return (await call(request.path, classificationWithErrors, { ...requestInit(request), signal })).body;
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

function refused(message: string, code: string | null, param: string | null = null): Failure {
  const refusal: Refusal = { status: 400, message, code, param, retryAfter: null, requestId: null };
  return new Failure(refusal);
}

/** Rows that go into one request. */
function chunks(rows: readonly Row[]): Row[][] {
  const all: Row[][] = [];
  let bytes = 0;
  for (const row of rows) {
    const last = all.at(-1);
    const size = sizeOf(row);
    if (last === undefined || last.length === AT_ONCE || bytes + size > MOST_OF_REQUEST) {
      all.push([row]);
      bytes = size;
    } else {
      last.push(row);
      bytes += size;
    }
  }
  return all;
}

function sizeOf({ picture }: Row): number {
  return "file" in picture ? picture.file.size : 0;
}
