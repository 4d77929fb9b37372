/** A text tower as the lines of a part see it: their texts go into one call, equal ones once. */
import type { Embeddings, RpcResult, TextRpc, WorkerStats } from "../../runtime/rpc.ts";
import type { Wanted } from "../../runtime/wanted.ts";
import type { Gathering, Waiting } from "./gathering.ts";
import { rowsOf } from "./rows-of.ts";
import { stillWanted } from "./still-wanted.ts";

/** Texts of a call; as many as a request may have. More than that go into calls one after the other. */
const MOST_TEXTS = 2_048;

interface Asked {
  /** Token ids of each text. */
  texts: Int32Array[];
  wanted: Wanted;
  answer: PromiseWithResolvers<RpcResult<Embeddings>>;
}

export class JointText implements TextRpc, Waiting {
  readonly #text: TextRpc;
  readonly #gathering: Gathering;
  readonly #requestId: string;
  #asked: Asked[] = [];

  constructor(text: TextRpc, gathering: Gathering, requestId: string) {
    this.#text = text;
    this.#gathering = gathering;
    this.#requestId = requestId;
    gathering.add("text", this);
  }

  get isWaiting(): boolean {
    return this.#asked.length > 0;
  }

  async embedTokens(
    ids: Int32Array,
    lengths: number[],
    wanted: Wanted,
    line: string,
  ): Promise<RpcResult<Embeddings>> {
    const texts: Int32Array[] = [];
    let start = 0;
    for (const length of lengths) texts.push(ids.subarray(start, (start += length)));
    const answer = Promise.withResolvers<RpcResult<Embeddings>>();
    this.#asked.push({ texts, wanted, answer });
    return await this.#gathering.wait(line, answer.promise);
  }

  flush(): void {
    const asked = this.#asked;
    this.#asked = [];
    this.#askInTurn(asked).catch((error: unknown) => {
      for (const { answer } of asked) answer.reject(error);
    });
  }

  async stats(): Promise<WorkerStats> {
    return await this.#text.stats();
  }

  async #askInTurn(asked: readonly Asked[]): Promise<void> {
    for (let from = 0; from < asked.length;) {
      let to = from;
      let texts = 0;
      do texts += asked[to++]?.texts.length ?? 0;
      while (to < asked.length && texts + (asked[to]?.texts.length ?? 0) <= MOST_TEXTS);
      // Those that come later are to show life meanwhile.
      await this.#ask(asked.slice(from, to), asked.slice(from));
      from = to;
    }
  }

  async #ask(asked: readonly Asked[], waiting: readonly Asked[]): Promise<void> {
    const distinct = new Map<string, number>();
    const sequences: Int32Array[] = [];
    const rows = asked.map(({ texts }) =>
      texts.map((text) => {
        const key = text.join();
        const row = distinct.get(key) ?? sequences.push(text) - 1;
        distinct.set(key, row);
        return row;
      }),
    );
    const lengths = sequences.map(({ length }) => length);
    const ids = new Int32Array(lengths.reduce((sum, length) => sum + length, 0));
    let at = 0;
    for (const sequence of sequences) {
      ids.set(sequence, at);
      at += sequence.length;
    }
    const result = await this.#text.embedTokens(
      ids,
      lengths,
      stillWanted(waiting),
      this.#requestId,
      "background",
    );
    for (const [index, { answer }] of asked.entries()) {
      answer.resolve(rowsOf(result, sequences.length, rows[index] ?? []));
    }
  }
}
