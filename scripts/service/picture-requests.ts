/** Pictures in as few requests as the API takes them in. */
import { MAX_IMAGES } from "../../functions/gateway/limits.ts";
import { messageOf } from "../../build/command-line/message-of.ts";
import { pictureBlob } from "./picture-files.ts";
import { RefusedRequest } from "./refused-request.ts";

interface PictureFile {
  /** On this machine. */
  path: string;
}

export type OnRefused<File> = (file: File, reason: string) => void;

export interface PictureRequests<Row> {
  /** Bytes of the files of a request. A file alone may have more, up to `bytesOfFile`. */
  bytes: number;
  /** Bytes of a file; a larger one is refused. Default: what a form may have. */
  bytesOfFile?: number;
  /**
   * Sends a request.
   * @returns a row for each picture
   */
  send(pictures: readonly Blob[]): Promise<readonly Row[]>;
}

type Read<File> = readonly { file: File; picture: Blob }[];

/**
 * @param onRefused called with each file that cannot be read or that no request can hold, and the reason
 * @yields the other files with their rows, a request's together
 */
export async function* askedAbout<File extends PictureFile, Row>(
  files: readonly File[],
  requests: PictureRequests<Row>,
  onRefused: OnRefused<File>,
): AsyncGenerator<[File, Row][]> {
  for await (const some of batches(files, requests, onRefused)) {
    yield* answered(some, requests, onRefused);
  }
}

/** Sends some pictures in halves if they are too large together: a proxy may take less than the service. */
async function* answered<File extends PictureFile, Row>(
  some: Read<File>,
  requests: PictureRequests<Row>,
  onRefused: OnRefused<File>,
): AsyncGenerator<[File, Row][]> {
  let rows: readonly Row[];
  try {
    rows = await requests.send(some.map(({ picture }) => picture));
  } catch (error) {
    // Anything else would be wrong for all pictures.
    if (!(error instanceof RefusedRequest) || error.status !== 413) throw error;
    const [first] = some;
    if (first !== undefined && some.length === 1) {
      onRefused(first.file, error.message);
      return;
    }
    const half = Math.ceil(some.length / 2);
    yield* answered(some.slice(0, half), requests, onRefused);
    yield* answered(some.slice(half), requests, onRefused);
    return;
  }
  yield some.map(({ file }, index) => {
    const row = rows[index];
    if (row === undefined) throw new Error("the service answered fewer pictures than were sent");
    return [file, row];
  });
}

async function* batches<File extends PictureFile>(
  files: readonly File[],
  { bytes: most, bytesOfFile }: Pick<PictureRequests<unknown>, "bytes" | "bytesOfFile">,
  onRefused: OnRefused<File>,
): AsyncGenerator<Read<File>> {
  let some: { file: File; picture: Blob }[] = [];
  let bytes = 0;
  for (const file of files) {
    let picture: Blob;
    try {
      picture = await pictureBlob(file.path, bytesOfFile);
    } catch (error) {
      onRefused(file, messageOf(error));
      continue;
    }
    if (some.length === MAX_IMAGES || (some.length > 0 && bytes + picture.size > most)) {
      yield some;
      some = [];
      bytes = 0;
    }
    some.push({ file, picture });
    bytes += picture.size;
  }
  if (some.length > 0) yield some;
}
