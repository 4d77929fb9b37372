/**
 * Turns texts into unit-length text embeddings. It looks in the isolate's memory, then in KV, and has the text tower
 * compute what is missing. An item is whatever makes one vector: a single text, or all prompts of a label, whose vectors
 * are averaged and not kept.
 */
import { cleanPrompts, computePrompts, type Prompts } from "../../embed/compute-prompts.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { Pauses } from "../../runtime/sharing/pauses.ts";
import type { CleanText } from "../../runtime/tokenizer/clean-text.ts";
import { MAX_UNCACHED_PROMPTS } from "../limits.ts";
import { type EmbedContext, textCall } from "./embed-context.ts";
import { MemoryCache } from "../../runtime/memory-cache.ts";
import { type CachedText, type PromptsKey, promptsKey, TextCache } from "./text-cache.ts";

export interface EmbeddedPrompts {
  /** One for each requested item, in order. */
  embeddings: CachedText[];
  /** Tokens of all distinct items, and of the cached ones among them. */
  tokens: number;
  cachedTokens: number;
}

const MEMORY_BYTES = 4_000_000;

const memory = new MemoryCache<CachedText>(MEMORY_BYTES, ({ embedding }) => embedding.byteLength);

export interface EmbedOptions {
  /** How many new prompts may be computed. */
  maxPrompts: number;
  /** True if embeddings may be read from KV and stored in KV and memory. */
  keep: boolean;
}

/** @throws ServiceError `too_many_items` if more prompts are new, `model_unavailable`, `overloaded`; ClientGoneError */
export async function embedPrompts(
  items: Iterable<Prompts>,
  context: EmbedContext,
  { maxPrompts, keep }: EmbedOptions = { maxPrompts: MAX_UNCACHED_PROMPTS, keep: true },
): Promise<EmbeddedPrompts> {
  const { revision } = context.manifest;
  const found = new Map<PromptsKey, CachedText>();
  const missing = new Map<PromptsKey, readonly CleanText[]>();
  const pauses = new Pauses(context.wanted);
  const keys: PromptsKey[] = [];
  /** Embeddings of single texts. */
  const single = new Set<PromptsKey>();
  for (const prompts of items) {
    const cleaned = await cleanPrompts(prompts, pauses);
    const key = promptsKey(cleaned);
    if (prompts.length === 1) single.add(key);
    const remembered = prompts.length === 1 ? memory.get(`${revision}/${key}`) : undefined;
    if (remembered === undefined) missing.set(key, cleaned);
    else found.set(key, remembered);
    keys.push(key);
  }
  if (keep && missing.size > 0) {
    for (const [key, text] of await readKv([...missing.keys()], context)) {
      found.set(key, text);
      missing.delete(key);
    }
  }
  let cachedTokens = 0;
  for (const { tokens } of found.values()) cachedTokens += tokens;
  const computed = missing.size === 0 ? new Map() : await compute(missing, context, maxPrompts);
  if (keep && computed.size > 0) context.waitUntil(textCache(context).write(computed));

  let tokens = cachedTokens;
  for (const text of computed.values()) tokens += text.tokens;
  const embeddings = keys.map((key) => {
    const text = found.get(key) ?? computed.get(key);
    if (text === undefined) throw new Error("a text was neither cached nor computed");
    if (keep && single.has(key)) remember(`${revision}/${key}`, text);
    return text;
  });
  return { embeddings, tokens, cachedTokens };
}

/** Copies a vector, because a view would keep all vectors of its call in memory. */
function remember(key: string, text: CachedText): void {
  if (memory.get(key) === undefined) memory.set(key, { ...text, embedding: text.embedding.slice() });
}

function textCache({ env, manifest, kvWrites }: EmbedContext): TextCache {
  return new TextCache(env.CACHE, manifest.revision, manifest.embedding_width, kvWrites);
}

async function readKv(keys: PromptsKey[], context: EmbedContext): Promise<Map<PromptsKey, CachedText>> {
  return await context.timings.measure("cache", () => textCache(context).read(keys));
}

/** @throws ServiceError `too_many_items` if there are more prompts than a request may compute */
async function compute(
  items: ReadonlyMap<PromptsKey, readonly CleanText[]>,
  context: EmbedContext,
  maxPrompts: number,
): Promise<Map<PromptsKey, CachedText>> {
  const check = (prompts: number): void => {
    if (prompts <= maxPrompts) return;
    const message = `more than ${maxPrompts} prompts are not cached; that is the limit for new prompts in a request`;
    throw new ServiceError("too_many_items", message, { param: "labels" });
  };
  return await context.timings.measure("text", () => computePrompts(items, textCall(context), check));
}
