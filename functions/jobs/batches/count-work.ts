/**
 * Counts the pictures and texts in a request's body, whose form is not known to be right: a wrong one is refused when
 * it is answered. The count decides how many lines make a part, and whether the batch is too large.
 */
import type { BatchEndpoint } from "../../batches/batch-object.ts";
import { isObject } from "../../json/is-object.ts";
import { LIFTED } from "../../json/lift-strings.ts";

export interface CountedWork {
  images: number;
  /** Pictures from which labels are learned. */
  examples: number;
  /** Inputs, documents or prompts that are texts. */
  texts: number;
  /** Inputs of `/v1/embeddings`. */
  items: number;
  /** What texts and examples are, if other lines may have the same; then they are computed once. */
  sameTexts: string | null;
}

type Fields = Record<string, unknown>;

/** The gateway's templates by name; any other name stands for one. */
const TEMPLATES: ReadonlyMap<unknown, number> = new Map([
  ["openai-80", 80],
  ["openai-7", 7],
]);
/** Deepest nesting of a picture in an item: a message's content's part's. */
const MAX_DEPTH = 6;
/** The gateway's prompts for `none: true`. */
const NONE_PROMPTS = 2;

export function countWork(endpoint: BatchEndpoint, body: Fields): CountedWork {
  switch (endpoint) {
    case "/v1/embeddings": {
      const items = body["input"] == null ? 1 : listOf(body["input"]).length;
      const input = body["input"] ?? body["messages"];
      return { images: picturesIn(input), examples: 0, texts: textsIn(input), items, sameTexts: null };
    }
    case "/v1/rerank": {
      const all = [body["query"], ...listOf(body["documents"])];
      const sameTexts = keyOf([body["model"], body["documents"]]);
      return { images: picturesIn(all), examples: 0, texts: textsIn(all), items: 0, sameTexts };
    }
    case "/v1/similarity": {
      const texts = listOf(body["texts"] ?? body["text"]);
      const sameTexts = keyOf([body["model"], texts]);
      return { images: imagesOf(body), examples: 0, texts: texts.length, items: 0, sameTexts };
    }
    default: {
      const labels = listOf(body["labels"] ?? body["label"]);
      const { templates, negative, none } = body;
      const named = templatesOf(templates);
      const fields = labels.filter(isObject);
      const prompts = fields.map((label) => listOf(label["prompts"]).length || named);
      const texts =
        sum(prompts) +
        named * (labels.length - fields.length) +
        listOf(negative).length +
        (isObject(none) ? nonePrompts(none["prompts"] ?? true) : nonePrompts(none));
      const examples = sum(fields.map((label) => listOf(label["examples"]).filter(isPicture).length));
      const sameTexts = keyOf([body["model"], labels, templates, negative, none]);
      return { images: imagesOf(body), examples, texts, items: 0, sameTexts };
    }
  }
}

/** A list with one name counts as the name, as for the gateway. */
function templatesOf(templates: unknown): number {
  const [first, ...others] = listOf(templates);
  return others.length === 0 ? (TEMPLATES.get(first) ?? 1) : 1 + others.length;
}

/** Where every string is a picture. */
function imagesOf(body: Fields): number {
  const images = listOf(body["images"] ?? body["image"] ?? body["input"]);
  return images.filter(isPicture).length;
}

function isPicture(value: unknown): boolean {
  return !(isObject(value) && "embedding" in value);
}

function nonePrompts(none: unknown): number {
  return none === true ? NONE_PROMPTS : Array.isArray(none) ? none.length : 0;
}

/** Where only objects are pictures. */
function picturesIn(value: unknown, depth = 0): number {
  if (Array.isArray(value)) return sum(value.map((each) => picturesIn(each, depth + 1)));
  if (!isObject(value) || depth > MAX_DEPTH) return 0;
  if ("image" in value || "image_url" in value || "file_id" in value) return 1;
  return "content" in value ? picturesIn(value["content"], depth + 1) : 0;
}

/** Where every string is a text, and objects may have some. */
function textsIn(value: unknown, depth = 0): number {
  if (typeof value === "string") return 1;
  if (Array.isArray(value)) return sum(value.map((each) => textsIn(each, depth + 1)));
  if (!isObject(value) || depth > MAX_DEPTH) return 0;
  return "text" in value ? 1 : textsIn(value["content"], depth + 1);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function listOf(value: unknown): unknown[] {
  return value == null ? [] : Array.isArray(value) ? value : [value];
}

/** Null if a string of it was lifted, because only its number is left. */
function keyOf(values: readonly unknown[]): string | null {
  const key = JSON.stringify(values);
  return key.includes(LIFTED_KEY) ? null : key;
}

/** As JSON writes it. */
const LIFTED_KEY = JSON.stringify(LIFTED).slice(1, -1);
