/** The part of a vector database that retrieval needs; Vectorize's names. */

export interface StoredVector {
  /** The picture's path. */
  id: string;
  values: number[];
}

export interface Match extends StoredVector {
  /** Cosine, as near as the index knows it. */
  score: number;
}

export interface VectorIndex {
  /** Adds vectors, or replaces those of the same ids. */
  upsert(vectors: readonly StoredVector[]): Promise<void>;
  /** The nearest vectors, the nearest first. */
  query(vector: readonly number[], topK: number): Promise<Match[]>;
}
