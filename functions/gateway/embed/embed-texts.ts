/**
 * Texts → unit-length text embeddings: from the isolate's memory, else from KV, else from the text tower in one
 * call for all that are missing.
 */
import clipBpe from "../../../model-shards/clip-bpe.bin";
import type { Manifest } from "../../../model-shards/manifest.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { cleanText } from "../../runtime/tokenizer/clean-text.ts";
import { Tokenizer } from "../../runtime/tokenizer/tokenizer.ts";
import type { EmbedContext } from "./embed-context.ts";
import { MAX_UNCACHED_PROMPTS } from "../limits.ts";
import { MemoryCache } from "./memory-cache.ts";
import { TextCache } from "./text-cache.ts";
import { callWorker, checkRevision, unwrap } from "./unwrap.ts";

export interface TextEmbedding {
  /** float32, unit length. */
  embedding: Float32Array;
  /** The text was longer than the model's context. */
  truncated: boolean;
}

export interface EmbeddedTexts {
  /** By the text as it was given. */
  embeddings: Map<string, TextEmbedding>;
  /** Tokens of all distinct texts, and of those among them that were cached. */
  tokens: number;
  cachedTokens: number;
}

interface Prepared {
  ids: number[];
  truncated: boolean;
}

const memory = new MemoryCache();
let tokenizer: Tokenizer | undefined;

/** @throws ServiceError `too_many_items` if more texts are new than a request may compute, `model_unavailable` */
export async function embedTexts(texts: Iterable<string>, context: EmbedContext): Promise<EmbeddedTexts> {
  const { manifest } = context;
  const given = new Map([...new Set(texts)].map((text) => [text, cleanText(text)]));
  const cleaned = [...new Set(given.values())];
  const found = await readCaches(cleaned, context);
  if (cleaned.length - found.size > MAX_UNCACHED_PROMPTS) {
    const message = `more than ${MAX_UNCACHED_PROMPTS} prompts are not cached; a request may need at most so many new ones`;
    throw new ServiceError("too_many_items", message, { param: "labels" });
  }
  const prepared = new Map(cleaned.map((text) => [text, tokenize(text, manifest)]));
  const missing = [...prepared].filter(([text]) => !found.has(text));
  const computed = await compute(missing, context);
  const embeddings = new Map<string, TextEmbedding>();
  for (const [text, key] of given) {
    const embedding = found.get(key) ?? computed.get(key);
    if (embedding === undefined) throw new Error("a text was neither cached nor computed");
    embeddings.set(text, { embedding, truncated: prepared.get(key)?.truncated ?? false });
  }
  const tokens = countTokens(prepared);
  return { embeddings, tokens, cachedTokens: tokens - countTokens(missing) };
}

function countTokens(entries: Iterable<[string, Prepared]>): number {
  let count = 0;
  for (const [, { ids }] of entries) count += ids.length;
  return count;
}

function tokenize(text: string, { text: { context_length } }: Manifest): Prepared {
  tokenizer ??= new Tokenizer(clipBpe);
  return tokenizer.encode(text, context_length);
}

async function readCaches(
  texts: string[],
  { env, manifest, timings }: EmbedContext,
): Promise<Map<string, Float32Array>> {
  const { revision } = manifest;
  const found = new Map<string, Float32Array>();
  for (const text of texts) {
    const embedding = memory.get(`${revision}/${text}`);
    if (embedding !== undefined) found.set(text, embedding);
  }
  const missing = texts.filter((text) => !found.has(text));
  if (missing.length === 0) return found;
  const cache = new TextCache(env.CACHE, revision, manifest.embedding_width);
  for (const [text, embedding] of await timings.measure("cache", () =>
    cache.read(missing, MAX_UNCACHED_PROMPTS),
  )) {
    found.set(text, embedding);
    memory.set(`${revision}/${text}`, embedding);
  }
  return found;
}

async function compute(
  texts: [string, Prepared][],
  context: EmbedContext,
): Promise<Map<string, Float32Array>> {
  const { env, manifest, timings, wanted, waitUntil } = context;
  const computed = new Map<string, Float32Array>();
  if (texts.length === 0) return computed;
  const ids = Int32Array.from(texts.flatMap(([, prepared]) => prepared.ids));
  const lengths = texts.map(([, prepared]) => prepared.ids.length);
  const result = await timings.measure("text", () =>
    callWorker("text tower", () => env.TEXT.embedTokens(ids, lengths, wanted)),
  );
  const rows = checkRevision(unwrap(result), manifest.revision);
  const width = manifest.embedding_width;
  for (const [index, [text]] of texts.entries()) {
    const embedding = rows.slice(index * width, (index + 1) * width);
    computed.set(text, embedding);
    memory.set(`${manifest.revision}/${text}`, embedding);
  }
  waitUntil(new TextCache(env.CACHE, manifest.revision, width).write(computed));
  return computed;
}
