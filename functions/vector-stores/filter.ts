/** Filters of OpenAI's vector stores, as a request has been validated to. */
import type { AttributeValue } from "./stored-picture.ts";

export type Comparison =
  | { type: "eq" | "ne"; key: string; value: AttributeValue }
  | { type: "gt" | "gte" | "lt" | "lte"; key: string; value: number | string }
  | { type: "in" | "nin"; key: string; value: AttributeValue[] };

export interface Compound {
  type: "and" | "or";
  filters: Filter[];
}

export type Filter = Comparison | Compound;
