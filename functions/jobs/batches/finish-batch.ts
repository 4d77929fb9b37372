/** Puts the answers of a batch together: its output file and its error file, each as a stream. */
import { AnswerStore } from "../../batches/answer-store.ts";
import type { BatchError } from "../../batches/batch-object.ts";
import type { BatchEnd, StopReason, Work } from "../../batches/batch-state-rpc.ts";
import { accountBatches } from "../../batches/batches.ts";
import { newLineId } from "../../batches/lines-rpc.ts";
import { AccountFiles } from "../../files/account-files.ts";
import type { FileObject } from "../../files/account-files-rpc.ts";
import { writeFile } from "../../files/write-file.ts";
import { readPieces } from "../../runtime/bytes/read-pieces.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { logCall } from "../../runtime/log-call.ts";
import type { HeldWork } from "../held-work.ts";
import type { JobsBindings } from "../jobs-bindings.ts";

type FinishWork = Extract<Work, { kind: "finish" }>;

/** Answers that the batch's object is asked for at once. */
const PAGE = 200;
/** Characters of ids that it is asked for at once. */
const IDS_AT_ONCE = 500_000;
/** Newest output files among which one is looked for that an earlier attempt has made. */
const LOOKED_AT = 1_000;
/** Milliseconds after which it is checked again whether the account has room for answers, or for the files. */
export const ROOM_AFTER_MS = 300_000;

type Reason = readonly [code: string, message: string];

/** What is said of a line on which the service failed each time. */
const GIVEN_UP: Reason = [
  "server_error",
  "The service failed each time it tried to answer this request, also when it was tried alone.",
];
/** What is said of a line that got no answer. */
const UNANSWERED: Readonly<Record<StopReason, Reason>> = {
  expired: ["batch_expired", "This request could not be executed before the completion window expired."],
  cancelled: ["batch_cancelled", "This request was not executed because the batch was cancelled."],
  input_file_gone: ["input_file_gone", "This request was not executed because the input file was deleted."],
  output_too_large: [
    "output_too_large",
    "This request was not executed because the batch's output is too large.",
  ],
};

type Kind = "output" | "error";

/** @returns milliseconds until it should be tried again; 0 if the batch is over, or another ends it */
export async function finishBatch(work: FinishWork, held: HeldWork, env: JobsBindings): Promise<number> {
  const { batch } = work;
  const files = new AccountFiles(env, batch.account);
  const made: string[] = [];
  let error: BatchError | undefined;
  const write = async (kind: Kind): Promise<string | null> => {
    try {
      const file = (await madeBefore(work, kind, files)) ?? (await writeOf(work, kind, files, held, env));
      if (file !== undefined) made.push(file);
      return file ?? null;
    } catch (failure) {
      if (!(failure instanceof ServiceError) || failure.code !== "storage_limit_exceeded") throw failure;
      const { code, message } = failure;
      error = { code, message, param: null, line: null };
      return null;
    }
  };
  // The answers are counted until they are in the files, and the files from then on.
  const storesAnswers = async (bytes: number): Promise<void> => {
    await accountBatches(env, batch.account).storeAnswers(batch.id, bytes, batch.maxStored);
  };
  try {
    await storesAnswers(0);
    const end: BatchEnd = { outputFile: await write("output"), errorFile: await write("error") };
    if (error !== undefined) {
      if (work.mayWait) {
        await storesAnswers(work.outputBytes + work.errorBytes);
        await held.release(ROOM_AFTER_MS);
        return ROOM_AFTER_MS;
      }
      end.error = error;
    }
    const counting = await held.state.finished(held.token, end);
    if (counting === undefined) return 0;
    const all = work.isRepeated ? [...made, ...(await filesMade(work, files)).map(({ id }) => id)] : made;
    for (const id of new Set(all)) if (!counting.includes(id)) await files.remove(id);
    logCall("jobs", batch.id, { files: counting.length });
    return 0;
  } catch (failure) {
    await held.release(0);
    throw failure;
  }
}

function filenameOf(id: string, kind: Kind): string {
  return `${id}_${kind}.jsonl`;
}

/** The file of an attempt that did not come to its end. */
async function madeBefore(work: FinishWork, kind: Kind, files: AccountFiles): Promise<string | undefined> {
  if (!work.isRepeated) return undefined;
  return (await filesMade(work, files)).find(({ filename }) => filename === filenameOf(work.batch.id, kind))
    ?.id;
}

/** Files of the batch, whoever made them. */
async function filesMade({ batch }: FinishWork, files: AccountFiles): Promise<FileObject[]> {
  const query = { after: null, limit: LOOKED_AT, order: "desc", purpose: "batch_output" } as const;
  const names = [filenameOf(batch.id, "output"), filenameOf(batch.id, "error")];
  return (await files.list(query)).files.filter(({ filename }) => names.includes(filename));
}

async function writeOf(
  { batch, stop, outputBytes, errorBytes }: FinishWork,
  kind: Kind,
  files: AccountFiles,
  held: HeldWork,
  env: JobsBindings,
): Promise<string | undefined> {
  const store = new AnswerStore(env.FILES, batch.account, batch.id);
  const source = async function* (): AsyncGenerator<Uint8Array> {
    yield* answersOf(kind, store, held);
    if (kind === "error") yield* unansweredOf(stop, held);
  };
  const file = await writeFile(files, source(), {
    filename: filenameOf(batch.id, kind),
    purpose: "batch_output",
    expiresAfter: batch.outputExpiresAfter,
    most: kind === "output" ? outputBytes : errorBytes,
    maxStored: batch.maxStored,
  });
  return file?.id;
}

async function* answersOf(kind: Kind, store: AnswerStore, held: HeldWork): AsyncGenerator<Uint8Array> {
  for (let [part, token] = [0, ""]; ;) {
    const page = await held.state.results(part, token, PAGE);
    for (const { outputBytes, errorBytes, ...answers } of page) {
      ({ part, token } = answers);
      const [offset, length] = kind === "output" ? [0, outputBytes] : [outputBytes, errorBytes];
      if (length === 0) continue;
      for await (const piece of readPieces(await store.read(part, token, offset, length))) {
        yield piece;
        await assertHeld(held);
      }
    }
    if (page.length < PAGE) return;
  }
}

async function* unansweredOf(stop: StopReason | null, held: HeldWork): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for (let after = 0; ;) {
    const page = await held.state.unanswered(after, IDS_AT_ONCE);
    if (page.length === 0) return;
    for (const { part, customIds, isGivenUp } of page) {
      after = part;
      // Without a reason to stop, no other part is left unanswered.
      const [code, message] = isGivenUp || stop === null ? GIVEN_UP : UNANSWERED[stop];
      const lines = customIds.map((id) => {
        const line = { id: newLineId(), custom_id: id, response: null, error: { code, message } };
        return `${JSON.stringify(line)}\n`;
      });
      yield encoder.encode(lines.join(""));
      await assertHeld(held);
    }
  }
}

async function assertHeld(held: HeldWork): Promise<void> {
  if (!(await held.renew())) throw new Error("another has taken over the end of the batch");
}
