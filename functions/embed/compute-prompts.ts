/**
 * Computes unit-length text embeddings for prompts. It does not use a cache. It calls the text tower once, or a few times
 * one after the other if the prompts are long: each call is an invocation, and has a limit of CPU time.
 */
import clipBpe from "../../model-shards/clip-bpe.bin";
import type { Manifest } from "../../model-shards/manifest.ts";
import { missing } from "../runtime/missing.ts";
import type { Loaded } from "../runtime/model-store/source-report.ts";
import type { Embeddings, RpcResult, TextRpc } from "../runtime/rpc.ts";
import { Pauses } from "../runtime/sharing/pauses.ts";
import { type CleanText, cleanText, type RawText } from "../runtime/tokenizer/clean-text.ts";
import { Tokenizer, type Tokens } from "../runtime/tokenizer/tokenizer.ts";
import { assertWanted, type Wanted } from "../runtime/sharing/wanted.ts";
import { labelEmbedding } from "./label-embedding.ts";
import { aliveWhenAsked, callWorker, checkRevision, unwrap } from "./call-worker.ts";

/** The texts behind one vector, as they were sent: a single text, or several prompts. */
export type Prompts = readonly RawText[];

/** An embedding, and its cost. */
export interface EmbeddedText {
  /** float32, unit length. */
  embedding: Float32Array;
  /** Sum over all its texts. */
  tokens: number;
  /** True if one of its texts was longer than the model's context. */
  truncated: boolean;
}

/**
 * Positions of a call: two minutes of CPU time at 174 ms a text of 77, of the five that an invocation of the text tower
 * has. 2,048 texts of 77 take three calls, and each may invoke a few Workers more, of the 32 that a request may.
 */
export const MAX_POSITIONS = 54_000;

/**
 * Milliseconds before a call is tried again that the text tower had no place for, over all calls of a request: few,
 * because each try invokes a Worker.
 */
const PAUSES_MS = [1_000, 2_000, 4_000, 6_000, 7_000];

/** The context of calls to the text tower. */
export interface TextCall {
  manifest: Manifest;
  /** The model's text tower. */
  text: Pick<TextRpc, "embedTokens">;
  /** Names the request in the logs of every Worker. */
  requestId: string;
  /** False once no client waits for the result. */
  wanted: Wanted;
  /** Positions of a call, if it is not `MAX_POSITIONS`. */
  maxPositions?: number;
  /** Called with the cost of loading the tower, if a call had to wait for that. */
  onLoaded?: (loaded: Loaded) => void;
}

let tokenizer: Tokenizer | undefined;

/** Cleans texts in steps, with pauses so that other requests are not held up. @throws ClientGoneError */
export async function cleanPrompts(prompts: Prompts, pauses: Pauses): Promise<CleanText[]> {
  const cleaned: CleanText[] = [];
  for (const text of prompts) {
    cleaned.push(cleanText(text));
    if (pauses.isDue(text.length)) await pauses.pause();
  }
  return cleaned;
}

/**
 * @param items cleaned prompts, by the name of their vector; a prompt that several items share is computed once
 * @param check gets the number of different prompts before they are computed, and may throw
 * @returns a vector for each item; the vectors of single prompts are views of their call's buffer
 * @throws ServiceError `model_unavailable`, `overloaded`; ClientGoneError; what `check` throws
 */
export async function computePrompts<Name>(
  items: ReadonlyMap<Name, readonly CleanText[]>,
  call: TextCall,
  check: (prompts: number) => void = () => {},
): Promise<Map<Name, EmbeddedText>> {
  const computed = new Map<Name, EmbeddedText>();
  if (items.size === 0) return computed;
  const distinct = [...new Set([...items.values()].flat())];
  check(distinct.length);
  const tokens = await tokenize(distinct, call.manifest, new Pauses(call.wanted));
  const vectorOf = await embed(tokens, call);
  for (const [name, prompts] of items) {
    const vectors = prompts.map((text) => vectorOf.get(text) ?? missing("a prompt was not embedded"));
    const parts = prompts.map((text) => tokens.get(text));
    computed.set(name, {
      embedding: labelEmbedding(vectors),
      tokens: parts.reduce((sum, part) => sum + (part?.ids.length ?? 0), 0),
      truncated: parts.some((part) => part?.truncated),
    });
  }
  return computed;
}

/**
 * Calls the tower for some texts after others. When it has no place, a call after the first waits: its client would have
 * to send the first ones again, too.
 * @returns the vector of each text
 */
async function embed(
  tokens: ReadonlyMap<CleanText, Tokens>,
  { manifest, text: tower, requestId, wanted, maxPositions = MAX_POSITIONS, onLoaded }: TextCall,
): Promise<Map<CleanText, Float32Array>> {
  const vectorOf = new Map<CleanText, Float32Array>();
  const width = manifest.embedding_width;
  const pauses = [...PAUSES_MS];
  for (const texts of callsOf(tokens, maxPositions)) {
    const ids = Int32Array.from(texts.flatMap(([, each]) => each.ids));
    const lengths = texts.map(([, each]) => each.ids.length);
    const ask = (): Promise<RpcResult<Embeddings>> =>
      callWorker("text tower", (alive) =>
        tower.embedTokens(ids, lengths, aliveWhenAsked(alive, wanted), requestId),
      );
    let result = await ask();
    while (vectorOf.size > 0 && isRefused(result) && pauses.length > 0) {
      await scheduler.wait(pauses.shift() ?? 0);
      await assertWanted(wanted);
      result = await ask();
    }
    const embedded = unwrap(result);
    if (embedded.loaded !== undefined) onLoaded?.(embedded.loaded);
    const rows = checkRevision(embedded, manifest.revision);
    for (const [row, [text]] of texts.entries()) {
      vectorOf.set(text, rows.subarray(row * width, (row + 1) * width));
    }
  }
  return vectorOf;
}

function isRefused(result: RpcResult<Embeddings>): boolean {
  return !result.ok && result.error.code === "overloaded";
}

/** Cuts texts into calls, in order. */
function* callsOf(
  tokens: ReadonlyMap<CleanText, Tokens>,
  maxPositions: number,
): Generator<[CleanText, Tokens][]> {
  let texts: [CleanText, Tokens][] = [];
  let positions = 0;
  for (const [text, each] of tokens) {
    if (texts.length > 0 && positions + each.ids.length > maxPositions) {
      yield texts;
      texts = [];
      positions = 0;
    }
    texts.push([text, each]);
    positions += each.ids.length;
  }
  yield texts;
}

async function tokenize(
  texts: readonly CleanText[],
  { text: { context_length: contextLength } }: Manifest,
  pauses: Pauses,
): Promise<Map<CleanText, Tokens>> {
  tokenizer ??= new Tokenizer(clipBpe);
  const tokens = new Map<CleanText, Tokens>();
  for (const text of texts) {
    tokens.set(text, tokenizer.encode(text, contextLength));
    await pauses.after(text.length);
  }
  return tokens;
}
