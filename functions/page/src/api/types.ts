/** What the page reads of the API's answers; the whole of them is in `/openapi.json`. */

export interface Usage {
  prompt_tokens: number;
  prompt_tokens_details: { cached_tokens: number };
  images: number;
  cached_images: number;
}

export interface Prediction {
  label: string;
  /** Probability, 0 to 1. */
  score: number;
  /** Cosine. */
  similarity: number;
}

interface Inference<Row> {
  model: string;
  revision: string;
  data: Row[];
  usage: Usage;
}

export type Classification = Inference<{
  prediction: string | null;
  score: number | null;
  predictions: Prediction[];
}>;

export type Similarity = Inference<{
  scores: { text: string; similarity: number; probability: number; truncated: boolean }[];
}>;

export interface Model {
  id: string;
}

export interface LabelSet {
  id: string;
  name: string | null;
  status: "ready" | "building";
  labels: number;
}

export interface Page<Item> {
  data: Item[];
  has_more: boolean;
  last_id: string | null;
}

/** OpenAI's shape. */
export interface ErrorBody {
  error: { message: string; code: string | null; param: string | null };
}
