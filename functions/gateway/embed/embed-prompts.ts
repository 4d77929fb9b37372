/**
 * Texts → unit-length text embeddings: from the isolate's memory, else from KV, else from the text tower in one call
 * for all that are missing. The unit is what makes one vector: a single text, or all the prompts of a label, whose
 * vectors are averaged and then forgotten.
 */
import clipBpe from "../../../model-shards/clip-bpe.bin";
import type { Manifest } from "../../../model-shards/manifest.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { Pauses } from "../../runtime/pauses.ts";
import { type CleanText, cleanText, type RawText } from "../../runtime/tokenizer/clean-text.ts";
import { Tokenizer, type Tokens } from "../../runtime/tokenizer/tokenizer.ts";
import { MAX_UNCACHED_PROMPTS } from "../limits.ts";
import { labelEmbedding } from "../../embed/label-embedding.ts";
import type { EmbedContext } from "./embed-context.ts";
import { MemoryCache } from "./memory-cache.ts";
import { type CachedText, type PromptsKey, promptsKey, TextCache } from "./text-cache.ts";
import { callWorker, checkRevision, telling, unwrap } from "../../embed/unwrap.ts";

/** All that stands for one vector: a text alone, or several prompts. Cleaned here, and nowhere before. */
export type Prompts = readonly RawText[];

export interface EmbeddedPrompts {
  /** One for each item asked for, in order. */
  embeddings: CachedText[];
  /** Tokens of all distinct items, and of those among them that were cached. */
  tokens: number;
  cachedTokens: number;
}

const MEMORY_BYTES = 4_000_000;

const memory = new MemoryCache<CachedText>(MEMORY_BYTES, ({ embedding }) => embedding.byteLength);
let tokenizer: Tokenizer | undefined;

export interface EmbedOptions {
  /** That may be computed. */
  maxPrompts: number;
  /** Whether the embeddings are read from KV, and kept there and in memory. */
  keep: boolean;
}

/**
 * @throws ServiceError `too_many_items` if more prompts are new, `model_unavailable`, `overloaded`; ClientGoneError
 */
export async function embedPrompts(
  items: readonly Prompts[],
  context: EmbedContext,
  { maxPrompts, keep }: EmbedOptions = { maxPrompts: MAX_UNCACHED_PROMPTS, keep: true },
): Promise<EmbeddedPrompts> {
  const { revision } = context.manifest;
  const found = new Map<PromptsKey, CachedText>();
  const missing = new Map<PromptsKey, readonly CleanText[]>();
  const pauses = new Pauses(context.wanted);
  const keys: PromptsKey[] = [];
  for (const prompts of items) {
    const cleaned = prompts.map((text) => cleanText(text));
    const key = promptsKey(cleaned);
    const remembered = prompts.length === 1 ? memory.get(`${revision}/${key}`) : undefined;
    if (remembered === undefined) missing.set(key, cleaned);
    else found.set(key, remembered);
    keys.push(key);
    await pauses.after(key.length);
  }
  if (keep && missing.size > 0) {
    for (const [key, text] of await readKv([...missing.keys()], context)) {
      found.set(key, text);
      missing.delete(key);
    }
  }
  let cachedTokens = 0;
  for (const { tokens } of found.values()) cachedTokens += tokens;
  const computed = await compute(missing, context, maxPrompts);
  if (keep && computed.size > 0) context.waitUntil(textCache(context).write(computed));

  let tokens = cachedTokens;
  for (const text of computed.values()) tokens += text.tokens;
  const embeddings = keys.map((key, index) => {
    const text = found.get(key) ?? computed.get(key);
    if (text === undefined) throw new Error("a text was neither cached nor computed");
    if (keep && items[index]?.length === 1) memory.set(`${revision}/${key}`, text);
    return text;
  });
  return { embeddings, tokens, cachedTokens };
}

function textCache({ env, manifest }: EmbedContext): TextCache {
  return new TextCache(env.CACHE, manifest.revision, manifest.embedding_width);
}

async function readKv(keys: PromptsKey[], context: EmbedContext): Promise<Map<PromptsKey, CachedText>> {
  return await context.timings.measure("cache", () => textCache(context).read(keys));
}

async function compute(
  items: ReadonlyMap<PromptsKey, readonly CleanText[]>,
  { towers, manifest, timings, requestId, wanted }: EmbedContext,
  maxPrompts: number,
): Promise<Map<PromptsKey, CachedText>> {
  const computed = new Map<PromptsKey, CachedText>();
  if (items.size === 0) return computed;
  const distinct = [...new Set([...items.values()].flat())];
  if (distinct.length > maxPrompts) {
    const message = `more than ${maxPrompts} prompts are not cached; a request may need at most so many new ones`;
    throw new ServiceError("too_many_items", message, { param: "labels" });
  }
  const tokens = await tokenize(distinct, manifest, new Pauses(wanted));
  const ids = Int32Array.from([...tokens.values()].flatMap((each) => each.ids));
  const lengths = [...tokens.values()].map((each) => each.ids.length);
  const result = await timings.measure("text", () =>
    callWorker("text tower", (alive) =>
      towers.text.embedTokens(ids, lengths, telling(alive, wanted), requestId),
    ),
  );
  const rows = checkRevision(unwrap(result), manifest.revision);
  const width = manifest.embedding_width;
  const rowOf = new Map(distinct.map((text, row) => [text, row * width]));
  for (const [key, prompts] of items) {
    const vectors = prompts.map((text) => rows.slice(rowOf.get(text), (rowOf.get(text) ?? 0) + width));
    const parts = prompts.map((text) => tokens.get(text));
    computed.set(key, {
      embedding: labelEmbedding(vectors),
      tokens: parts.reduce((sum, part) => sum + (part?.ids.length ?? 0), 0),
      truncated: parts.some((part) => part?.truncated),
    });
  }
  return computed;
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
