/** Writes answers as lines of the output or the error file, one after the other, as `lines-rpc.ts` says. */
import { ERROR, newLineId, OUTPUT } from "../../batches/lines-rpc.ts";

export class AnswerStream {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #encoder = new TextEncoder();
  #writing: Promise<void> = Promise.resolve();

  constructor(stream: WritableStream<Uint8Array>) {
    this.#writer = stream.getWriter();
    this.#writer.closed.catch(() => {});
  }

  /** @throws if the answer breaks off, or nobody reads: the stream cannot be used any more then */
  async write(
    file: "output" | "error",
    customId: string,
    requestId: string,
    answer: Response,
  ): Promise<void> {
    const write = (): Promise<void> =>
      this.#write(file === "output" ? OUTPUT : ERROR, customId, requestId, answer);
    this.#writing = this.#writing.then(write);
    await this.#writing;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#writer.close();
  }

  async abort(reason: unknown): Promise<void> {
    await this.#writer.abort(reason).catch(() => {});
  }

  async #write(mark: number, customId: string, requestId: string, answer: Response): Promise<void> {
    const response = { status_code: answer.status, request_id: requestId, body: null };
    const [before = "", after = ""] = JSON.stringify({
      id: newLineId(),
      custom_id: customId,
      response,
      error: null,
    }).split(BODY);
    await this.#text(`${String.fromCharCode(mark)}${before}"body":`);
    for await (const piece of (answer.body ?? []) as AsyncIterable<Uint8Array>)
      await this.#writer.write(piece);
    await this.#text(`${after}\n`);
  }

  async #text(text: string): Promise<void> {
    await this.#writer.write(this.#encoder.encode(text));
  }
}

/** Where the body stands. In a string, the quotes would be escaped. */
const BODY = '"body":null';
