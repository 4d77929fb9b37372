/** One picture of a request: known by its file's hash; its embedding follows. */
export class Picture {
  readonly sha256: string;
  /** Where it came first, for errors. */
  readonly param: string;
  readonly cached: boolean;
  /** float32, unit length; there once the batch has been embedded. */
  embedding: Float32Array | undefined;

  constructor(sha256: string, param: string, embedding: Float32Array | undefined) {
    this.sha256 = sha256;
    this.param = param;
    this.cached = embedding !== undefined;
    this.embedding = embedding;
  }
}
