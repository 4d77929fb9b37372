/** What valid requests are made of. */

/** Facts about the deployment, and ids of what is in it. */
export interface Known {
  /** Base64 of a picture. */
  image: string;
  /** Width of the model's embeddings. */
  width: number;
  /** Id of a stored label set, whose name is `known`. */
  set: string;
  /** Id of a file that is a picture in the store, and of one that is the input of the batch. */
  file: string;
  lines: string;
  batch: string;
  /** Id of a vector store, and of one of its file batches. */
  store: string;
  fileBatch: string;
}

export interface ValidBody {
  path: string;
  fields: Record<string, unknown>;
  /** `also`: the endpoint takes forms beside JSON. `only`: it takes no JSON. */
  forms: "none" | "also" | "only";
}
