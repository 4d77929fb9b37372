/**
 * Embeds files of a file batch, and gives their vectors to the vector store. The gateway answers them as lines of a
 * batch, so that they share one call to the decoder and one to the image tower, behind those of requests.
 */
import { ERROR, type LinesAnswered, type LinesRequest, OUTPUT } from "../../batches/lines-rpc.ts";
import { AccountFiles } from "../../files/account-files.ts";
import type { FileObject } from "../../files/account-files-rpc.ts";
import { retrySeconds } from "../../runtime/background-work.ts";
import { logCall } from "../../runtime/log-call.ts";
import { warn } from "../../runtime/warn.ts";
import { quantizeRow } from "../../vector-stores/quantize-row.ts";
import { MAX_FILLING_STORES } from "../../vector-stores/store-limits.ts";
import type { StoreMessage } from "../../vector-stores/store-message.ts";
import type { Filled, Filling } from "../../vector-stores/store-work-rpc.ts";
import { accountStores, type StoreObject } from "../../vector-stores/vector-stores.ts";
import { askLines } from "../batches/ask-lines.ts";
import type { HeldWork } from "../held-work.ts";
import { isFailure } from "../batches/ask-lines.ts";
import type { JobsBindings } from "../jobs-bindings.ts";
import { recordLines } from "../batches/record-lines.ts";

const UNSUPPORTED = new Set(["unsupported_image_format"]);
const INVALID = new Set(["invalid_image", "image_too_large", "file_not_found", "empty_input"]);

/** A line of the answer, as `lines-rpc.ts` says, that was read. */
interface Answer {
  custom_id: string;
  response: {
    body: {
      /** The model's revision. */
      revision?: string;
      data?: { embedding: string }[];
      error?: { code?: string; message?: string };
    };
  };
}

/** @returns after how many milliseconds the next message is to come @throws if nothing came of it */
export async function fillStore(
  filling: Filling,
  { account, id }: StoreMessage,
  held: HeldWork<StoreObject>,
  env: JobsBindings,
): Promise<number> {
  const pauseMs = 1000 * retrySeconds(filling.tries);
  const stores = accountStores(env, account);
  let hasTurn = false;
  try {
    const againMs = await stores.beginFilling(id, MAX_FILLING_STORES);
    hasTurn = againMs === 0;
    if (hasTurn) return await fill(filling, account, pauseMs, held, env);
    await held.state.postpone(held.token, againMs);
    return againMs;
  } catch (error) {
    await held.release(pauseMs, isFailure(error));
    throw error;
  } finally {
    if (hasTurn)
      await stores.endFilling(id).catch((error: unknown) => warn("turn of a store not ended", error));
  }
}

/** @returns after how many milliseconds the next message is to come @throws if nothing came of it */
async function fill(
  filling: Filling,
  account: string,
  pauseMs: number,
  held: HeldWork<StoreObject>,
  env: JobsBindings,
): Promise<number> {
  const began = Date.now();
  const files = await knownFiles(filling, account, env);
  const [answered, answers] = await ask(filling, account, [...files.keys()], held, env);
  const filled = filling.fileIds.flatMap((fileId) => {
    const file = files.get(fileId);
    if (file === undefined) return [{ fileId, filename: "", bytes: 0, result: noFile(fileId) }];
    const answer = answers.get(fileId);
    if (answer === undefined) return [];
    return [{ fileId, filename: file.filename, bytes: file.bytes, result: resultOf(answer, filling.model) }];
  });
  logCall("jobs", filling.batchId, { files: filling.fileIds.length, filled: filled.length });
  const isRestBroken = answered.isBroken && !answered.isOverloaded;
  if (filled.length === 0) {
    await held.release(pauseMs, isRestBroken);
    return pauseMs;
  }
  const pause = answered.isOverloaded || answered.isBroken ? pauseMs : 0;
  // What comes from the cache while a tower is gone says nothing of the rest.
  const isComputed = answered.usage.some(({ images, cachedImages }) => images > cachedImages);
  if (await held.state.filled(held.token, filled, pause, isRestBroken && isComputed)) {
    const owner = { account, keyId: filling.keyId, tier: filling.tier };
    recordLines(env, owner, "/v1/vector_stores/file_batches", answered.usage, Date.now() - began);
  }
  return pause;
}

/** Those of the files that the account has. */
async function knownFiles(
  { fileIds }: Filling,
  account: string,
  env: JobsBindings,
): Promise<Map<string, FileObject>> {
  const files = new AccountFiles(env, account);
  const found = await Promise.all(fileIds.map((fileId) => files.get(fileId)));
  return new Map(found.flatMap((file) => (file === undefined ? [] : [[file.id, file]])));
}

async function ask(
  { keyId, tier, model, batchId, tries }: Filling,
  account: string,
  fileIds: readonly string[],
  held: HeldWork<StoreObject>,
  env: JobsBindings,
): Promise<[LinesAnswered, Map<string, Answer>]> {
  if (fileIds.length === 0) return [NOTHING, new Map()];
  const [alias = ""] = model.split("@");
  const lines = fileIds.map((fileId) => {
    const body = { model: alias, input: [{ file_id: fileId }], encoding_format: "base64" };
    return JSON.stringify({ custom_id: fileId, method: "POST", url: "/v1/embeddings", body });
  });
  const request: LinesRequest = {
    account,
    keyId,
    tier,
    endpoint: "/v1/embeddings",
    count: lines.length,
    left: null,
  };
  return await askLines(
    env,
    held,
    request,
    new Response(lines.join("\n")).body!,
    `${batchId}_${tries}`,
    async (answers) => parsed(await new Response(answers).text()),
  );
}

const NOTHING: LinesAnswered = {
  completed: 0,
  failed: 0,
  left: [],
  isOverloaded: false,
  isBroken: false,
  usage: [],
};

function parsed(text: string): Map<string, Answer> {
  const answers = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const mark = line.charCodeAt(0);
      if (mark !== OUTPUT && mark !== ERROR) throw new Error("the gateway's answer has an unknown format");
      return JSON.parse(line.slice(1)) as Answer;
    });
  return new Map(answers.map((answer) => [answer.custom_id, answer]));
}

function resultOf({ response: { body } }: Answer, model: string): Filled["result"] {
  const embedding = body.data?.[0]?.embedding;
  if (embedding !== undefined && body.revision !== model.split("@")[1]) {
    return { code: "server_error", message: `the store's model ${model} is not served any more` };
  }
  if (embedding === undefined) {
    const { code = "", message = "the picture could not be embedded" } = body.error ?? {};
    if (UNSUPPORTED.has(code)) return { code: "unsupported_file", message };
    return { code: INVALID.has(code) ? "invalid_file" : "server_error", message };
  }
  return quantizeRow(new Float32Array(Uint8Array.fromBase64(embedding).buffer));
}

function noFile(fileId: string): Filled["result"] {
  return { code: "invalid_file", message: `there is no file "${fileId}"` };
}
