/** What the requests of the contract have in them. */
export interface Material {
  /** A picture in base64. */
  image: string;
  /** Id of an existing label set. */
  set: string;
  /** Id of a file that is a picture. */
  file: string;
  /** Id of a file that is the input of a batch. */
  lines: string;
  /** Id of a vector store. */
  store: string;
  /** Values of an embedding. */
  width: number;
}

export const many = (count: number, what = "t"): string[] =>
  Array.from({ length: count }, (_, i) => `${what}${i}`);

export const LABELS = ["fox", "dress"];

/** @param image in base64 */
export const pngOf = (image: string): string => `data:image/png;base64,${image}`;

/** A content part. @param image in base64 */
export const partOf = (image: string): object => ({ type: "image_url", image_url: { url: pngOf(image) } });

export const vectorOf = (width: number): number[] => Array.from({ length: width }, (_, i) => i + 1);
