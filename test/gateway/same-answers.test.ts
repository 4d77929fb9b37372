/**
 * Every answer is the same as from a fresh deployment, whatever was requested before and in which spelling. Random
 * requests run in random order against Workers whose memory, KV and R2 fill up and that are restarted in between. The
 * expected answers are computed here from vectors of the text tower, which is called alone, without any cache.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cosineOfUnit } from "../../functions/runtime/cosine-of-unit.ts";
import { labelEmbedding } from "../../functions/embed/label-embedding.ts";
import { fillTemplate } from "../../functions/label-sets/definition.ts";
import { cleanText } from "../../functions/runtime/tokenizer/clean-text.ts";
import { addKey } from "../support/add-key.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { type Answer, request } from "../support/send-request.ts";
import { tokenizer } from "../support/models/node-tokenizer.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { random } from "../support/random.ts";

const SEEDS = [1, 2];
const RESTARTS = 1;
const REQUESTS_PER_START = 25;
const POOL = 16;
const CONTEXT_LENGTH = 77;
/** With these, a list of labels is long enough to be cached as a matrix. */
const FILLING = Array.from({ length: 101 }, (_, i) => `filling ${i}`);
const BASES = ["jazz &Amp; soul", "caf\u00e9 <b>\u201cno. 1\u201d</b>", "the bird\u2019s \ufb01sh &Amp;"];
const TEMPLATES = [["{}"], ["a photo of a {}."], ["&AMP; {}", "{} &amp;"], ["<{}>"], ["the  {}", "The {}"]];
/** Each gives another spelling. Some keep the meaning, some change it, and some keep it only after cleaning twice. */
const SPELLINGS: ((text: string) => string)[] = [
  (text) => text,
  (text) => text.toUpperCase(),
  (text) => text.replace("j", "J"),
  (text) => text.replaceAll("&", "&amp;"),
  (text) => text.replaceAll("&", "&Amp;"),
  (text) => text.replaceAll("&", "&AMP;"),
  (text) => text.replaceAll("&", "&#38;"),
  (text) => text.replaceAll("<", "&lt;"),
  (text) => `  ${text.replaceAll(" ", "\u3000 ")}\n`,
  (text) => text.normalize("NFD"),
  (text) => text.normalize("NFKC"),
  (text) => text.replaceAll(/[!-~]/g, (ascii) => String.fromCharCode(ascii.charCodeAt(0) + 0xfee0)),
  (text) => new TextDecoder("windows-1252").decode(new TextEncoder().encode(text)),
  (text) => cleanText(text),
];

interface Expected {
  label: string;
  /** The vectors of all its labels. */
  prompts: string[];
}

let folder: string;
let picture: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-answers-"));
  picture = await exampleBase64("fox.png");
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

it.each(SEEDS)("every answer is that of a fresh deployment, seed %i", { timeout: 240_000 }, async (seed) => {
  const next = random(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  const one = <T>(of: readonly T[]): T => of[below(of.length)] as T;
  const pool = spellingsOf(one);
  const text = (): string => (below(2) === 0 ? one(pool) : capitalized(one(pool), below));
  const some = (most: number): string[] => Array.from({ length: 1 + below(most) }, text);

  for (let start = 0; start <= RESTARTS; start++) {
    const workers = await startWorkers({
      access: "keys",
      storage: join(folder, String(seed)),
      change: (name, options) =>
        name === "edgeclip"
          ? { ...options, bindings: { ...options.bindings, IMAGE_CACHE_TTL: 600 } }
          : options,
    });
    const truth = new Truth(workers);
    type Keys = Parameters<typeof addKey>[0];
    const store = (await workers.miniflare.getKVNamespace("KEYS", "edgeclip")) as unknown as Keys;
    const keys = await Promise.all(["one", "other"].map((account) => addKey(store, `${account}${start}`)));
    const ask = async (path: string, body: object, { key } = one(keys)): Promise<Answer["body"]> => {
      const answer = await request("POST", workers.url + path, body, { authorization: `Bearer ${key}` });
      expect(answer.status, JSON.stringify(answer.body).slice(0, 300)).toBeLessThan(300);
      return answer.body;
    };
    const image = Float32Array.from(
      (await ask("/v1/embeddings", { input: { image: picture } })).data[0].embedding,
    );

    const embed = async (): Promise<void> => {
      const input = some(6);
      const { data } = await ask("/v1/embeddings", { input });
      const found = data.map(({ embedding }: { embedding: number[] }) => embedding);
      expect(found, JSON.stringify(input)).toEqual(
        (await truth.of(input)).map((vector) => Array.from(vector)),
      );
    };
    const rerank = async (): Promise<void> => {
      const [query, documents] = [text(), some(6)];
      const { results } = await ask("/v1/rerank", { query, documents });
      const [asked, ...vectors] = await truth.of([query, ...documents]);
      for (const { index, relevance_score: score } of results) {
        expect(score, documents[index]).toBe(
          cosineOfUnit(asked as Float32Array, vectors[index] as Float32Array),
        );
      }
    };
    const similarity = async (): Promise<void> => {
      const texts = some(6);
      const { data } = await ask("/v1/similarity", {
        images: [{ embedding: Array.from(image) }, spelt()],
        texts,
      });
      const cosines = (await truth.of(texts)).map((vector) => cosineOfUnit(image, vector));
      const found = data[1].scores.map((score: { similarity: number }) => score.similarity);
      expect(found, JSON.stringify(texts)).toEqual(cosines);
    };
    const classify = async (stored: boolean): Promise<void> => {
      const filling = below(2) === 0 ? FILLING : [];
      const templates = one(TEMPLATES);
      const labels = distinct([...some(5), ...filling]).map((label) =>
        below(4) === 0 ? { label, prompts: some(3) } : label,
      );
      const definition = { labels, templates };
      const owner = one(keys);
      const set = stored ? await ask("/v1/label_sets", definition, owner) : undefined;
      const asked = set === undefined ? definition : { label_set: set.id as string };
      const { data } = await ask("/v1/classify", { image: spelt(), top_k: 1000, ...asked }, owner);
      const expected = labels.map((label): Expected => {
        if (typeof label !== "string") return label;
        return { label, prompts: templates.map((template) => fillTemplate(template, label)) };
      });
      await truth.of(expected.flatMap(({ prompts }) => prompts));
      const cosines = new Map<string, number>();
      for (const { label, prompts } of expected) {
        cosines.set(label, cosineOfUnit(image, labelEmbedding(await truth.of(prompts))));
      }
      for (const { label, similarity: found } of data[0].predictions) {
        expect(found, `${label} of ${JSON.stringify(definition).slice(0, 500)}`).toBe(cosines.get(label));
      }
      expect(data[0].predictions).toHaveLength(labels.length);
    };
    /** The same file in another form. */
    const spelt = (): string =>
      one([picture, `data:image/png;base64,${picture}`, picture.replaceAll("+", "-").replaceAll("/", "_")]);

    for (let count = 0; count < REQUESTS_PER_START; count++) {
      await one([embed, embed, rerank, similarity, () => classify(false), () => classify(true)])();
      // Values are written to KV after the answer, so they are only sometimes there in time.
      if (below(3) === 0) await sleep(below(300));
    }
    await workers.dispose();
  }
});

/** Spellings of spellings, so that many of them equal the cleaned form of another. */
function spellingsOf(one: <T>(of: readonly T[]) => T): string[] {
  const pool = BASES.flatMap((base) => [base, cleanText(base)]);
  while (pool.length < POOL) pool.push(one(SPELLINGS)(one(pool)));
  return pool;
}

/** Makes a random letter a capital: usually a new spelling of a known text. */
function capitalized(text: string, below: (limit: number) => number): string {
  const at = below(text.length);
  return text.slice(0, at) + text.charAt(at).toUpperCase() + text.slice(at + 1);
}

/** Labels that all differ after cleaning. */
function distinct(labels: readonly string[]): string[] {
  return [...new Map(labels.map((label) => [cleanText(label), label])).values()];
}

/** Vectors directly from the text tower. */
class Truth {
  readonly #workers: Workers;
  readonly #known = new Map<string, Float32Array>();

  constructor(workers: Workers) {
    this.#workers = workers;
  }

  async of(texts: readonly string[]): Promise<Float32Array[]> {
    const cleaned = texts.map((text) => cleanText(text));
    const unknown = [...new Set(cleaned)].filter((text) => !this.#known.has(text));
    if (unknown.length > 0) {
      const clip = await tokenizer();
      const ids = unknown.map((text) => clip.encode(text, CONTEXT_LENGTH).ids);
      const lengths = ids.map(({ length }) => length).join(",");
      const answer = await this.#workers.probe(`/tokens?lengths=${lengths}`, Int32Array.from(ids.flat()));
      const rows = new Float32Array(await answer.arrayBuffer());
      const width = rows.length / unknown.length;
      for (const [row, text] of unknown.entries()) {
        this.#known.set(text, rows.slice(row * width, (row + 1) * width));
      }
    }
    return cleaned.map((text) => this.#known.get(text) ?? new Float32Array());
  }
}
