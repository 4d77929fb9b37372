/**
 * Counts the pictures and texts in a request's body, whose form is not known to be right: a wrong one is refused when it
 * is answered. The count decides how many lines make a part, and whether the batch is too large.
 */
import type { BatchEndpoint } from "../batches/batch-object.ts";

export interface CountedWork {
  images: number;
  /** Inputs, labels or documents that are texts. */
  texts: number;
  /** Inputs of `/v1/embeddings`. */
  items: number;
  /** What the texts are, if other lines may have the same; then they are computed once. */
  sameTexts: string | null;
}

type Fields = Record<string, unknown>;

/** Templates by name. */
const TEMPLATES: Readonly<Record<string, number>> = { "openai-80": 80, "openai-7": 7 };
/** Deepest nesting of a picture in an item: a message's content's part's. */
const MAX_DEPTH = 6;

export function countWork(endpoint: BatchEndpoint, body: Fields): CountedWork {
  switch (endpoint) {
    case "/v1/embeddings": {
      const items = body["input"] == null ? 1 : listOf(body["input"]).length;
      const images = picturesIn(body["input"] ?? body["messages"]);
      return { images, texts: Math.max(0, items - images), items, sameTexts: null };
    }
    case "/v1/rerank": {
      const all = [body["query"], ...listOf(body["documents"])];
      const texts = all.filter((each) => typeof each === "string" || (isFields(each) && "text" in each));
      return { images: picturesIn(all), texts: texts.length, items: 0, sameTexts: keyOf(body["documents"]) };
    }
    case "/v1/similarity": {
      const texts = listOf(body["texts"] ?? body["text"]);
      return { images: imagesOf(body), texts: texts.length, items: 0, sameTexts: keyOf(texts) };
    }
    default: {
      const labels = listOf(body["labels"] ?? body["label"]);
      const { templates } = body;
      const named =
        typeof templates === "string" ? (TEMPLATES[templates] ?? 1) : Math.max(1, listOf(templates).length);
      const sameTexts = keyOf([labels, templates, body["negative"]]);
      return { images: imagesOf(body), texts: labels.length * named, items: 0, sameTexts };
    }
  }
}

/** Where every string is a picture. */
function imagesOf(body: Fields): number {
  const images = listOf(body["images"] ?? body["image"] ?? body["input"]);
  return images.filter((each) => !(isFields(each) && "embedding" in each)).length;
}

/** Where only objects are pictures. */
function picturesIn(value: unknown, depth = 0): number {
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + picturesIn(each, depth + 1), 0);
  if (!isFields(value) || depth > MAX_DEPTH) return 0;
  if ("image" in value || "image_url" in value || "file_id" in value) return 1;
  return "content" in value ? picturesIn(value["content"], depth + 1) : 0;
}

function listOf(value: unknown): unknown[] {
  return value == null ? [] : Array.isArray(value) ? value : [value];
}

function keyOf(texts: unknown): string {
  return JSON.stringify(texts ?? null);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
