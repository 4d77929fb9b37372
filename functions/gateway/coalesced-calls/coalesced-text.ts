/** A text tower as the lines of a part see it: their texts go into one call, equal ones once. */
import type { Embeddings, RpcResult, TextRpc, WorkerStats } from "../../runtime/rpc.ts";
import type { Wanted } from "../../runtime/sharing/wanted.ts";
import type { CallCoalescer, Waiting } from "./call-coalescer.ts";
import { rowsOf } from "./rows-of.ts";
import { anyWanted } from "../../runtime/sharing/wanted.ts";

/**
 * Texts of a call; as many as a part of a label set has, so that eight such calls fit in a tower. However long they are,
 * they have fewer positions than a call of a request may have. More texts go into calls one after the other.
 */
const MAX_TEXTS = 512;

interface Asked {
  /** Token ids of each text. */
  texts: Int32Array[];
  wanted: Wanted;
  answer: PromiseWithResolvers<RpcResult<Embeddings>>;
}

export class CoalescedText implements TextRpc, Waiting {
  readonly #text: TextRpc;
  readonly #coalescer: CallCoalescer;
  readonly #requestId: string;
  #asked: Asked[] = [];

  constructor(text: TextRpc, coalescer: CallCoalescer, requestId: string) {
    this.#text = text;
    this.#coalescer = coalescer;
    this.#requestId = requestId;
    coalescer.add("text", this);
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
    return await this.#coalescer.wait(line, answer.promise);
  }

  flush(): void {
    const asked = this.#asked;
    this.#asked = [];
    this.#askInTurn(asked).catch((error: unknown) => {
      for (const { answer } of asked) answer.reject(error);
    });
  }

  async showLife(): Promise<void> {
    await anyWanted(this.#asked)();
  }

  async stats(): Promise<WorkerStats> {
    return await this.#text.stats();
  }

  async #askInTurn(asked: readonly Asked[]): Promise<void> {
    const { texts, rows } = distinctOf(asked);
    const results: RpcResult<Embeddings>[] = [];
    let open = asked.map((each, index) => ({ ...each, rows: rows[index] ?? [] }));
    for (let from = 0; from < texts.length; from += MAX_TEXTS) {
      const to = Math.min(from + MAX_TEXTS, texts.length);
      // Those that come later are to show life meanwhile.
      results.push(await this.#ask(texts.slice(from, to), anyWanted(open)));
      const isAnswered = (row: number): boolean => row < to;
      for (const { rows: own, answer } of open.filter((each) => each.rows.every(isAnswered))) {
        answer.resolve(rowsOf(results, { each: MAX_TEXTS, count: to }, own));
      }
      open = open.filter((each) => !each.rows.every(isAnswered));
    }
  }

  async #ask(texts: readonly Int32Array[], wanted: Wanted): Promise<RpcResult<Embeddings>> {
    const lengths = texts.map(({ length }) => length);
    const ids = new Int32Array(lengths.reduce((sum, length) => sum + length, 0));
    let at = 0;
    for (const text of texts) {
      ids.set(text, at);
      at += text.length;
    }
    return await this.#text.embedTokens(ids, lengths, wanted, this.#requestId, "background");
  }
}

/** The different texts of all, and which of them each has asked for. */
function distinctOf(asked: readonly Asked[]): { texts: Int32Array[]; rows: number[][] } {
  const distinct = new Map<string, number>();
  const all: Int32Array[] = [];
  const rows = asked.map(({ texts }) =>
    texts.map((text) => {
      const key = text.join();
      const row = distinct.get(key) ?? all.push(text) - 1;
      distinct.set(key, row);
      return row;
    }),
  );
  return { texts: all, rows };
}
