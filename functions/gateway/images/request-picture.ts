/** One picture of a request, identified by its file's hash. Its embedding is added later. */
export class Picture {
  readonly sha256: string;
  /** Path of its first reference, for errors. */
  readonly param: string;
  readonly cached: boolean;
  /** float32, unit length; set once the batch has been embedded. */
  embedding: Float32Array | undefined;

  constructor(sha256: string, param: string, embedding: Float32Array | undefined) {
    this.sha256 = sha256;
    this.param = param;
    this.cached = embedding !== undefined;
    this.embedding = embedding;
  }
}
