/** Puts the answers of a batch together: its output file and its error file, each as a stream. */
import { AnswerStore } from "../batches/answer-store.ts";
import type { BatchEnd, StopReason, Work } from "../batches/batch-state-rpc.ts";
import { AccountFiles } from "../files/account-files.ts";
import { writeFile } from "../files/write-file.ts";
import { ServiceError } from "../runtime/errors.ts";
import { logCall } from "../runtime/log-call.ts";
import type { HeldWork } from "./held-work.ts";
import type { JobsBindings } from "./jobs-bindings.ts";

type FinishWork = Extract<Work, { kind: "finish" }>;

/** Rows that the batch's object is asked for at once. */
const PAGE = 200;
/** Newest output files among which one is looked for that an earlier attempt has made. */
const LOOKED_AT = 1_000;
const READ_BYTES = 65_536;

/** What is said of a line that got no answer. */
const UNANSWERED: Readonly<Record<StopReason, [code: string, message: string]>> = {
  expired: ["batch_expired", "This request could not be executed before the completion window expired."],
  cancelled: ["batch_cancelled", "This request was not executed because the batch was cancelled."],
  input_file_gone: ["input_file_gone", "This request was not executed because the input file was deleted."],
  output_too_large: [
    "output_too_large",
    "This request was not executed because the batch's output is too large.",
  ],
};

type Kind = "output" | "error";

export async function finishBatch(work: FinishWork, held: HeldWork, env: JobsBindings): Promise<void> {
  const { batch } = work;
  const files = new AccountFiles(env, batch.account);
  const made: string[] = [];
  try {
    const write = async (kind: Kind): Promise<string | null> => {
      const file = (await madeBefore(work, kind, files)) ?? (await writeOf(work, kind, files, held, env));
      if (file !== undefined) made.push(file);
      return file ?? null;
    };
    const end: BatchEnd = { outputFile: await write("output"), errorFile: await write("error") };
    if (!(await held.state.finished(held.token, end))) await removeAll(files, made);
    else logCall("jobs", batch.id, { files: made.length });
  } catch (error) {
    if (error instanceof ServiceError && error.code === "storage_limit_exceeded") {
      await removeAll(files, made);
      const { code, message } = error;
      const fault = { code, message, param: null, line: null };
      await held.state.finished(held.token, { outputFile: null, errorFile: null, error: fault });
      return;
    }
    await held.release(0);
    throw error;
  }
}

function filenameOf(id: string, kind: Kind): string {
  return `${id}_${kind}.jsonl`;
}

/** The file of an attempt that did not come to its end. */
async function madeBefore(
  { batch, isRepeated }: FinishWork,
  kind: Kind,
  files: AccountFiles,
): Promise<string | undefined> {
  if (!isRepeated) return undefined;
  const query = { after: null, limit: LOOKED_AT, order: "desc", purpose: "batch_output" } as const;
  const { files: newest } = await files.list(query);
  return newest.find(({ filename }) => filename === filenameOf(batch.id, kind))?.id;
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
    if (kind === "error" && stop !== null) yield* unansweredOf(stop, held);
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
      const reader = (await store.read(part, token, offset, length)).getReader({ mode: "byob" });
      for (;;) {
        const { done, value } = await reader.read(new Uint8Array(READ_BYTES));
        if (done) break;
        yield value;
        await assertHeld(held);
      }
    }
    if (page.length < PAGE) return;
  }
}

async function* unansweredOf(stop: StopReason, held: HeldWork): AsyncGenerator<Uint8Array> {
  const [code, message] = UNANSWERED[stop];
  const encoder = new TextEncoder();
  for (let after = 0; ;) {
    const page = await held.state.unanswered(after, PAGE);
    for (const { part, customIds } of page) {
      after = part;
      const lines = customIds.map((id) => {
        const line = { id: newLineId(), custom_id: id, response: null, error: { code, message } };
        return `${JSON.stringify(line)}\n`;
      });
      yield encoder.encode(lines.join(""));
      await assertHeld(held);
    }
    if (page.length < PAGE) return;
  }
}

/** The id of a line in the output or the error file. */
function newLineId(): string {
  return `batch_req_${crypto.randomUUID().replaceAll("-", "")}`;
}

async function assertHeld(held: HeldWork): Promise<void> {
  if (!(await held.renew())) throw new Error("another has taken over the end of the batch");
}

async function removeAll(files: AccountFiles, ids: readonly string[]): Promise<void> {
  for (const id of ids) await files.remove(id);
}
