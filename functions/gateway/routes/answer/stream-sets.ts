/**
 * Answers with label sets, whose definitions and templates may be many megabytes: in room of their own, as they are
 * sent.
 */
import type { Context } from "hono";
import { labelSetNotFound } from "../../label-sets/stored-labels.ts";
import type { DescribedSet } from "../../label-sets/describe-set.ts";
import { fieldsOfJson } from "../../../json/fields-of-json.ts";
import type { Hold } from "../../../label-sets/checksummed-objects.ts";
import type { SetStore } from "../../../label-sets/set-store.ts";
import { freeBuffer } from "../../../runtime/bytes/free-buffer.ts";
import { Pauses } from "../../../runtime/sharing/pauses.ts";
import type { GatewayEnv } from "../../middleware/gateway-env.ts";
import { wantedBy } from "../request/embedding-context.ts";
import { answerTexts, openShare, streamPieces, streamTexts } from "./stream-rows.ts";
import { missing } from "../../../runtime/missing.ts";

/** Memory of a definition that is only passed on, as a multiple of its length. */
const PASSED_ON = 1.1;
/** Memory of summaries, as a multiple of the length of their JSON: their strings may have two bytes a character. */
export const SUMMARIES = 2;
/** Bytes of a piece. */
const PIECE_BYTES = 65_536;

/**
 * Takes room for what a request without a body reads, until its answer is sent.
 * @param expansion its memory as a multiple of its length
 */
export function holdAnswer(c: Context<GatewayEnv>, expansion: number): Hold {
  const share = openShare(c);
  return async (bytes) => {
    await share.growBy(expansion * bytes);
  };
}

/**
 * Answers with a set and its labels, whose JSON is passed on as it is stored.
 * @throws ServiceError `label_set_not_found`, `overloaded`, `model_unavailable`; ClientGoneError
 */
export async function streamSet(
  c: Context<GatewayEnv>,
  described: DescribedSet,
  store: SetStore,
): Promise<Response> {
  const json = await store.definitionJson(described.id, holdAnswer(c, PASSED_ON));
  if (json === undefined) throw labelSetNotFound(described.id);
  const fields = await fieldsOfJson(json, new Pauses(wantedBy(c)));
  return await streamPieces(c, piecesOf(described, fields, json), 0);
}

function* piecesOf(
  described: DescribedSet,
  fields: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  json: Uint8Array<ArrayBuffer>,
): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  try {
    yield encoder.encode(JSON.stringify(described).slice(0, -1));
    for (const [name, field] of SHOWN) {
      yield encoder.encode(`,"${name}":`);
      const value = fields.get(field) ?? new Uint8Array();
      for (let at = 0; at < value.length; at += PIECE_BYTES) yield value.subarray(at, at + PIECE_BYTES);
    }
    yield encoder.encode("}");
  } finally {
    freeBuffer(json);
  }
}

/** Fields of the answer, and those of the definition that they have. */
const SHOWN = [
  ["negative", "negative"],
  ["min_similarity", "min_similarity"],
  ["data", "labels"],
] as const;

/** Answers with a page of a list, which has room already. */
export async function streamList(
  c: Context<GatewayEnv>,
  sets: readonly DescribedSet[],
  hasMore: boolean,
): Promise<Response> {
  const list = {
    object: "list",
    data: [],
    has_more: hasMore,
    first_id: sets[0]?.id ?? null,
    last_id: sets.at(-1)?.id ?? null,
  };
  const rowOf = (index: number): object => sets[index] ?? missing("a set was not described");
  return await streamTexts(c, answerTexts(JSON.stringify(list), sets.length, { data: rowOf }), 0);
}
