/** The operations of a vector database that retrieval needs, with Vectorize's names. */

export interface StoredVector {
  /** The picture's path. */
  id: string;
  values: number[];
}

export interface Match extends StoredVector {
  /** Cosine, which the index may approximate. */
  score: number;
}

export interface VectorIndex {
  /** Adds vectors; a vector with the same id is replaced. */
  upsert(vectors: readonly StoredVector[]): Promise<void>;
  /** @returns the nearest vectors, the nearest first */
  query(vector: readonly number[], topK: number): Promise<Match[]>;
}
