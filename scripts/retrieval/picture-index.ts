/** What retrieval needs of an index of pictures. */

/** A file of the folder that is indexed. */
export interface IndexedFile {
  /** Within the folder: the picture's name in the index. */
  id: string;
  /** On this machine. */
  path: string;
}

/** Words, or a picture on this machine. */
export type Query = { text: string } | { path: string };

export interface Match {
  /** The picture's path within its folder. */
  id: string;
  /** Exact cosine. */
  score: number;
}

export type OnRefused = (file: IndexedFile, reason: string) => void;

export interface PictureIndex {
  /**
   * Adds pictures; one with the same id is replaced.
   * @param onRefused called with each file that cannot be read or is refused, and the reason; the others are added
   */
  add(files: readonly IndexedFile[], onRefused: OnRefused): Promise<void>;
  /** @returns the nearest pictures, the nearest first */
  search(query: Query, count: number): Promise<Match[]>;
}
