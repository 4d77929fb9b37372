/** Starts the objects of vector stores, and asks them; `starting` is to run before the tests, `ending` after them. */
import type { Miniflare } from "miniflare";
import { expect } from "vitest";
import type { NewStore, PictureQuery } from "../../functions/vector-stores/store-state-rpc.ts";
import type { Attributes } from "../../functions/vector-stores/stored-picture.ts";
import { askObject } from "../support/ask-object.ts";
import { startObject } from "./start-object.ts";

/** The class as deployed, with a way to its rows, which a test makes older. Typed arrays and maps travel as JSON. */
const SCRIPT = `
import { VectorStoreState as Deployed } from "./vector-store/vector-store-state.ts";

export class VectorStoreState extends Deployed {
  query(statement, ...values) {
    return this.ctx.storage.sql.exec(statement, ...values).toArray();
  }
  async removeAll(prefix, from, to) {
    for (let number = from; number <= to; number++) await this.removePicture(prefix + number);
  }
  /** Rows that the call wrote, those of indexes included. */
  async written(method, ...parameters) {
    const { sql } = this.ctx.storage;
    let rows = 0;
    const exec = sql.exec.bind(sql);
    const cursors = [];
    Object.defineProperty(sql, "exec", { configurable: true, value: (...given) => {
      const cursor = exec(...given);
      cursors.push(cursor);
      return cursor;
    } });
    await this[method](...parameters);
    delete sql.exec;
    return cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0);
  }
}

const given = (key, value) =>
  value?.int8 ? Int8Array.from(value.int8) : value?.uint32 ? Uint32Array.from(value.uint32) : value;
const told = (key, value) =>
  value instanceof Map ? Object.fromEntries(value) : ArrayBuffer.isView(value) ? [...value] : value;

export default {
  async fetch(request, env) {
    const { store, method, parameters } = JSON.parse(await request.text(), given);
    try {
      const value = await env.STORES.getByName(store)[method](...parameters);
      return new Response(JSON.stringify({ value }, told));
    } catch (error) {
      return Response.json({ error: String(error) });
    }
  },
};`;

let miniflare: Miniflare;
let url: URL;

export async function starting(): Promise<void> {
  ({ miniflare, url } = await startObject(SCRIPT, "STORES", "VectorStoreState"));
}

export async function ending(): Promise<void> {
  await miniflare.dispose();
}

// Answers of every shape.
// oxlint-disable-next-line typescript/no-explicit-any
export async function ask(store: string, method: string, ...parameters: unknown[]): Promise<any> {
  return await askObject(url, { store, method, parameters });
}

export const WIDTH = 4;
export const MAX_PICTURES = 100_000;
export const settings: NewStore = {
  name: "s",
  description: null,
  metadata: {},
  expiresAfterDays: null,
  model: "m@1",
  width: WIDTH,
};
export const row = (value: number): object => ({ ints: { int8: [127, value, 0, 0] }, scale: 0.5 });
export const picture = (fileId: string, attributes: Attributes = {}, value = 1): object => ({
  fileId,
  filename: `${fileId}.png`,
  bytes: 10,
  attributes,
  row: row(value),
});
export const pictures = (count: number, first = 0): object[] =>
  Array.from({ length: count }, (_, index) => picture(`f${first + index}`));
export const query = (changes: Partial<PictureQuery> = {}): PictureQuery => ({
  after: null,
  before: null,
  limit: 100,
  order: "asc",
  status: null,
  batchId: null,
  ...changes,
});

let stores = 0;
export async function made(changes: Partial<NewStore> = {}): Promise<string> {
  const store = `store-${stores++}`;
  await ask(store, "create", "account", store, { ...settings, ...changes });
  return store;
}

let messages = 0;
export const take = (store: string, message = `message-${messages++}`, attempt = 1): Promise<any> =>
  ask(store, "take", { message, attempt });

/** Live rows as a search sees them: numbers in segments that are not dead, and open ones. */
export async function found(store: string, segments = new Map<string, number[]>()): Promise<number[]> {
  const view = await ask(store, "view", null);
  const inSegments = view.segments.flatMap(({ key, dead }: { key: string; dead?: number[] }) =>
    segments.get(key)!.filter((_, index) => ((dead?.[index >> 3] ?? 0) & (1 << (index & 7))) === 0),
  );
  expect(view.added.map(({ number }: { number: number }) => number)).toEqual(view.live);
  return [...inSegments, ...view.live];
}

/** Takes the compaction that is due, and says that it is done. */
export async function compact(store: string, segments: Map<string, number[]>): Promise<number[]> {
  const { kind, token, compaction } = await take(store);
  expect(kind).toBe("compact");
  const numbers: number[] = compaction.numbers;
  segments.set(compaction.key, numbers);
  const segment = { key: compaction.key, rows: numbers.length, bytes: 1, sha256: "x" };
  expect(await ask(store, "compacted", token, segment, { uint32: numbers })).toBe(true);
  return numbers;
}

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
