/** Turns of an account's vector stores, by a clock that the test sets. */
import type { Miniflare } from "miniflare";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startObject } from "./start-object.ts";

const MAX_FILLING = 2;
/** Milliseconds that a piece of work takes, and until the queue delivers the next message. */
const WORK_MS = 3_000;
const DELIVERY_MS = 20;

const SCRIPT = `
import { DurableObject } from "cloudflare:workers";
import { FillingStores } from "./account/filling-stores.ts";

let now = 0;
Date.now = () => now;

export class Turns extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE filling_stores (id TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID");
    this.stores = new FillingStores(ctx.storage);
  }
  ask(at, method, ...parameters) {
    now = at;
    return this.stores[method](...parameters) ?? null;
  }
}

export default {
  async fetch(request, env) {
    const { account, parameters } = await request.json();
    return Response.json(await env.TURNS.getByName(account).ask(...parameters));
  },
};`;

let miniflare: Miniflare;
let url: URL;

beforeAll(async () => {
  ({ miniflare, url } = await startObject(SCRIPT, "TURNS", "Turns"));
});

afterAll(async () => {
  await miniflare.dispose();
});

async function ask(account: string, at: number, method: "begin" | "end", id: string): Promise<number> {
  const body = JSON.stringify({ account, parameters: [at, method, id, MAX_FILLING] });
  return (await (await fetch(url, { method: "POST", body })).json()) as number;
}

/**
 * Lets stores work until they have done all their pieces. `asks` is when each asks first.
 * @returns who had each turn, and when all were done
 */
async function work(
  account: string,
  asks: Record<string, number>,
  pieces: number,
): Promise<{ turns: string[]; end: number }> {
  const events = Object.entries(asks).map(([id, at]) => ({ id, at, isEnd: false, left: pieces }));
  const turns: string[] = [];
  let end = 0;
  while (events.length > 0) {
    events.sort((a, b) => a.at - b.at);
    const event = events[0]!;
    end = event.at;
    if (event.isEnd) {
      await ask(account, event.at, "end", event.id);
      event.isEnd = false;
      event.at += DELIVERY_MS;
      if (--event.left === 0) events.shift();
      continue;
    }
    const wait = await ask(account, event.at, "begin", event.id);
    event.isEnd = wait === 0;
    event.at += wait === 0 ? WORK_MS : wait;
    if (wait === 0) turns.push(event.id);
  }
  return { turns, end };
}

it("gives a third store its turn before another has its third", async () => {
  for (let time = 0; time < 10; time++) {
    const { turns, end } = await work(`a${time}`, { a: 1_000, b: 1_500, c: 1_600 }, 4);
    expect(turns).toHaveLength(12);
    const before = turns.slice(0, turns.indexOf("c"));
    expect(before.filter((id) => id === "a").length, turns.join("")).toBeLessThan(3);
    // The turn that is kept for the third is that of the first.
    expect(before.filter((id) => id === "b").length, turns.join("")).toBeLessThan(4);
    // Of six pieces one after the other, with pauses.
    expect(end).toBeLessThan(6 * (WORK_MS + 7_500));
  }
});

it("keeps no turn for a store that does not come back", async () => {
  const account = "gone";
  for (const id of ["a", "b"]) expect(await ask(account, 1_000, "begin", id)).toBe(0);
  expect(await ask(account, 500, "begin", "c")).toBeGreaterThan(0);
  await ask(account, 2_000, "end", "a");
  const wait = await ask(account, 2_000, "begin", "a");
  expect(wait).toBeGreaterThan(0);
  const { turns, end } = await work(account, { a: 2_000 + wait }, 4);
  expect(turns).toEqual(["a", "a", "a", "a"]);
  expect(end).toBeLessThan(2_000 + 10_000 + 5_000 + 4 * (WORK_MS + DELIVERY_MS));
});

it("keeps every turn in use while many stores wait", async () => {
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`s${index}`, 1_000 + index]));
  const { turns, end } = await work("many", many, 3);
  expect(turns).toHaveLength(90);
  expect(end).toBeLessThan(1.6 * 45 * WORK_MS);
});
