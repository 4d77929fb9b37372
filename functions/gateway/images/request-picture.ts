/** One picture of a request, identified by its file's hash. Its embedding is added later. */
import type { ServiceError } from "../../runtime/errors.ts";

export class Picture {
  readonly sha256: string;
  /** Path of its first reference, for errors. */
  readonly param: string;
  readonly cached: boolean;
  /** float32, unit length; set once the batch has been embedded, unless the picture has an error. */
  embedding: Float32Array | undefined;
  /** Why the picture could not be read; see `picture-error.ts`. */
  error: ServiceError | undefined;

  constructor(sha256: string, param: string, embedding: Float32Array | undefined) {
    this.sha256 = sha256;
    this.param = param;
    this.cached = embedding !== undefined;
    this.embedding = embedding;
  }

  /** A picture without a readable file. */
  static failed(param: string, error: ServiceError): Picture {
    const picture = new Picture("", param, undefined);
    picture.error = error;
    return picture;
  }
}
