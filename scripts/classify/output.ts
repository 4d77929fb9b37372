/** Where the rows go: standard output, or a file that a later run goes on with. */
import { createWriteStream } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { finished } from "node:stream/promises";
import { type Format, heading, lineOf, readWritten, type Row } from "./rows.ts";

export interface Output {
  /** Pictures that an earlier run has classified. */
  done: ReadonlySet<string>;
  write(row: Row): Promise<void>;
  close(): Promise<void>;
}

/** @throws Error if the file exists and this command did not write it */
export async function openOutput(path: string | undefined, format: Format): Promise<Output> {
  if (path === undefined) {
    process.stdout.write(heading(format));
    return {
      done: new Set(),
      write: (row) => send(process.stdout, lineOf(row, format)),
      close: async () => {},
    };
  }
  if (format === "text") throw new Error("text cannot be gone on with");
  const { text, files } = readWritten(await readIfThere(path), format);
  // Replaced as a whole: whoever ends the command now keeps what was there.
  await writeFile(`${path}.part`, text);
  await rename(`${path}.part`, path);
  const stream = createWriteStream(path, { flags: "a" });
  await once(stream, "open");
  return {
    done: files,
    write: (row) => send(stream, lineOf(row, format)),
    close: async () => {
      stream.end();
      await finished(stream);
    },
  };
}

async function send(stream: NodeJS.WritableStream, line: string): Promise<void> {
  if (!stream.write(line)) await once(stream, "drain");
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
