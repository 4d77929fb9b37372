/** Turns of an account's label sets, by a clock that the test sets. */
import type { Miniflare } from "miniflare";
import { afterAll, beforeAll, expect, it } from "vitest";
import { askObject } from "../support/ask-object.ts";
import { startObject } from "./start-object.ts";

const MAX_AT_WORK = 2;
const MODEL = "m@1";

const SCRIPT = `
import { DurableObject } from "cloudflare:workers";
import { ACCOUNT_MIGRATIONS } from "./account/account-migrations.ts";
import { migrate } from "./migrate.ts";
import { SetBuilds } from "./account/set-builds.ts";

let now = 0;
Date.now = () => now;

export class Builds extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    migrate(ctx.storage, ACCOUNT_MIGRATIONS);
    this.builds = new SetBuilds(ctx.storage);
  }
  ask(at, method, ...parameters) {
    now = at;
    if (method === "write") return void this.ctx.storage.sql.exec(...parameters);
    return this.builds[method](...parameters) ?? null;
  }
}

export default {
  async fetch(request, env) {
    const { account, parameters } = await request.json();
    return Response.json({ value: await env.BUILDS.getByName(account).ask(...parameters) });
  },
};`;

let miniflare: Miniflare;
let url: URL;

beforeAll(async () => {
  ({ miniflare, url } = await startObject(SCRIPT, "BUILDS", "Builds"));
});

afterAll(async () => {
  await miniflare.dispose();
});

interface Message {
  account: string;
  id: string;
  model: string;
  turn: string;
  part: number;
}

const messageOf = (id: string, part = 0): Message => ({
  account: "a",
  id,
  model: MODEL,
  turn: `${id}${part}`,
  part,
});

const idsOf = (messages: Message[]): string[] => messages.map(({ id }) => id);

/** An account's object. */
function objectOf(account: string) {
  const ask = (at: number, method: string, ...parameters: unknown[]) =>
    askObject(url, { account, parameters: [at, method, ...parameters] });
  let calls = 0;
  const nextCall = (): string => `call ${calls++}`;
  return {
    ask,
    open: (at: number, id: string, most = 100, ...message: Message[]): Promise<boolean> =>
      ask(at, "open", { id, model: MODEL }, most, ...message),
    begin: async (at: number, id: string, part = 0): Promise<[boolean, string[]]> => {
      const { mayBegin, others } = await ask(at, "begin", messageOf(id, part), MAX_AT_WORK, nextCall());
      return [mayBegin, idsOf(others)];
    },
    end: async (
      at: number,
      id: string,
      after: Message | "over" | "later",
      part = 0,
      call = nextCall(),
    ): Promise<string[]> =>
      idsOf((await ask(at, "end", messageOf(id, part), after, MAX_AT_WORK, call)).messages),
    drop: async (at: number, id: string, part = 0): Promise<string[]> =>
      idsOf(await ask(at, "drop", messageOf(id, part), MAX_AT_WORK, nextCall())),
    resume: async (at: number): Promise<string[]> =>
      idsOf((await ask(at, "resume", MAX_AT_WORK, nextCall())).messages),
    removed: (at: number, id: string): Promise<void> => ask(at, "removed", id),
  };
}

it("gives two turns at once, to one set after the other", async () => {
  const account = objectOf("turns");
  for (const id of ["a", "b"]) expect(await account.begin(1, id)).toEqual([true, []]);
  for (const id of ["c", "d"]) expect(await account.begin(1, id)).toEqual([false, []]);
  // Each goes to the end of the line when its part is done, and the first in line has the turn.
  expect(await account.end(2, "a", messageOf("a", 1))).toEqual(["c"]);
  expect(await account.end(3, "b", messageOf("b", 1))).toEqual(["d"]);
  for (const id of ["c", "d"]) expect(await account.begin(4, id)).toEqual([true, []]);
  expect(await account.end(5, "c", "over")).toEqual(["a"]);
  expect(await account.begin(6, "a", 1)).toEqual([true, []]);
  expect(await account.end(7, "d", "over")).toEqual(["b"]);
  expect(await account.end(8, "a", "over", 1)).toEqual([]);
});

it("gives a set that is alone its own next turn", async () => {
  const account = objectOf("alone");
  expect(await account.begin(1, "a")).toEqual([true, []]);
  expect(await account.end(2, "a", messageOf("a", 1))).toEqual(["a"]);
  // A message that comes twice, while it is the set's turn.
  for (let time = 0; time < 2; time++) expect(await account.begin(3, "a", 1)).toEqual([true, []]);
});

it("gives the turn of a set that failed to another until its message comes again", async () => {
  const account = objectOf("failed");
  for (const id of ["a", "b", "c"]) await account.begin(1, id);
  expect(await account.end(2, "a", "later")).toEqual(["c"]);
  expect(await account.begin(3, "c")).toEqual([true, []]);
  expect(await account.begin(4, "a")).toEqual([false, []]);
  expect(await account.end(5, "b", messageOf("b", 1))).toEqual(["a"]);
});

it("takes back the turn of a consumer that died, and gives a message that was lost once more", async () => {
  const account = objectOf("died");
  for (const id of ["a", "b", "c", "d"]) await account.begin(1, id);
  // Nobody hears of `a` and `b` any more.
  expect(await account.begin(200_000, "e")).toEqual([false, ["c", "d"]]);
  expect(await account.begin(200_001, "c")).toEqual([true, []]);
  // The message of `d` was lost.
  expect(await account.end(400_000, "c", "over")).toEqual(["d", "e"]);
});

it("gives a first message once more that did not come, and no other meanwhile", async () => {
  const account = objectOf("first");
  for (const id of ["a", "b", "c"]) expect(await account.open(1, id, 100, messageOf(id))).toBe(true);
  expect(await account.begin(2, "b")).toEqual([true, []]);
  expect(await account.resume(120_000)).toEqual([]);
  expect(await account.resume(120_001)).toEqual(["a"]);
  expect(await account.end(120_002, "b", "over")).toEqual(["c"]);
  // Those have come, or may still come.
  expect(await account.begin(120_003, "a")).toEqual([true, []]);
  expect(await account.resume(240_001)).toEqual([]);
  expect(await account.resume(240_002)).toEqual(["c"]);
});

it("gives the message of a set once more that its consumer has left, and that the queue has lost", async () => {
  const account = objectOf("left");
  await account.begin(1, "dead");
  await account.begin(1, "failed");
  await account.end(2, "failed", "later");
  expect(await account.resume(3_600_000)).toEqual([]);
  expect(await account.resume(3_600_001)).toEqual(["dead"]);
  expect(await account.resume(3_600_002)).toEqual(["failed"]);
});

it("gives the same messages to a call whose answer was lost", async () => {
  const account = objectOf("lost answers");
  for (const id of ["a", "b", "c", "d"]) await account.begin(1, id);
  const next = messageOf("a", 1);
  for (let time = 0; time < 2; time++) expect(await account.end(2, "a", next, 0, "lost")).toEqual(["c"]);
  await account.begin(3, "c");
  // Who has begun is not called once more.
  expect(await account.end(4, "a", next, 0, "lost")).toEqual([]);
});

it("drops a message whose turn is over, so that it is not given for ever", async () => {
  const account = objectOf("dropped");
  for (const id of ["a", "b", "c", "d"]) await account.begin(1, id);
  expect(await account.end(2, "a", "over")).toEqual(["c"]);
  expect(await account.drop(3, "c", 7)).toEqual([]);
  expect(await account.drop(4, "c")).toEqual(["d"]);
  // Who has begun keeps its turn.
  expect(await account.begin(5, "d")).toEqual([true, []]);
  expect(await account.drop(6, "d")).toEqual([]);
  expect(await account.begin(7, "e")).toEqual([false, []]);
});

it.each([messageOf("a", 1), "over", "later"] as const)(
  "keeps the message of a set that was stored again while a part of it was computed: %j",
  async (after) => {
    const account = objectOf(`stored again ${JSON.stringify(after)}`);
    for (const id of ["a", "b", "c"]) await account.begin(1, id);
    await account.removed(2, "a");
    expect(await account.open(3, "a", 100, messageOf("a", 7))).toBe(true);
    expect(await account.begin(4, "a", 7)).toEqual([false, ["c"]]);
    expect(await account.end(5, "a", after)).toEqual([]);
    expect(await account.ask(6, "end", messageOf("b"), "over", MAX_AT_WORK, "b")).toEqual({
      isOwn: true,
      messages: [messageOf("a", 7)],
    });
  },
);

it("ends the turn of a message without one, and one that a former release gave", async () => {
  const account = objectOf("former");
  const build = { id: "a", model: MODEL };
  await account.ask(1, "begin", { account: "a", ...build }, MAX_AT_WORK, "begin");
  const ended = { isOwn: true, messages: [] };
  expect(await account.ask(2, "end", build, "over", MAX_AT_WORK, "end")).toEqual(ended);
  const row = "INSERT INTO set_builds (id, model, position, until, seen_at) VALUES ('b', ?, 1, 100, 1)";
  await account.ask(3, "write", row, MODEL);
  expect(await account.end(4, "b", messageOf("b", 1))).toEqual(["b"]);
});

it("counts sets until they are ready, given up, deleted or forgotten", async () => {
  const account = objectOf("counted");
  const open = async (at: number, id: string): Promise<boolean> => await account.open(at, id, 3);
  expect([await open(1, "a"), await open(1, "b"), await open(1, "c"), await open(1, "d")]).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect(await open(2, "a")).toBe(true);
  await account.begin(3, "a");
  await account.end(4, "a", "over");
  expect([await open(5, "d"), await open(5, "e")]).toEqual([true, false]);
  await account.removed(6, "b");
  expect([await open(7, "e"), await open(7, "f")]).toEqual([true, false]);
  // Nothing was heard of `c`, `d` and `e`; the others have messages.
  for (const id of ["x", "y", "g"]) await account.begin(8, id);
  expect(await open(3_700_000, "f")).toBe(false);
  await account.end(3_700_001, "x", "over");
  expect(await open(3_700_002, "f")).toBe(true);
});
