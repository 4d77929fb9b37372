/** Work on a file batch that comes to nothing: whose fault it is, and whose turn. */
import { beforeAll, expect, it } from "vitest";
import { OUTPUT } from "../../functions/batches/lines-rpc.ts";
import { fillStore } from "../../functions/jobs/vector-stores/fill-store.ts";
import { HeldWork } from "../../functions/jobs/held-work.ts";
import type { JobsBindings } from "../../functions/jobs/jobs-bindings.ts";
import type { Filling } from "../../functions/vector-stores/store-work-rpc.ts";
import type { StoreObject } from "../../functions/vector-stores/vector-stores.ts";

const MESSAGE = { kind: "vector-store", account: "a", id: "vs_1" } as const;
const FILLING: Filling = {
  batchId: "vsfb_1",
  keyId: null,
  tier: "free",
  model: "m@1",
  fileIds: ["file-1"],
  tries: 1,
};

beforeAll(() => {
  (globalThis as Record<string, unknown>)["IdentityTransformStream"] ??= TransformStream;
});

interface Calls {
  calls: unknown[][];
  object: Record<string, (...parameters: unknown[]) => Promise<unknown>>;
}

/** Notes each call. */
function noted(answers: Record<string, (...parameters: unknown[]) => unknown>): Calls {
  const calls: unknown[][] = [];
  const names = Object.entries(answers).map(([name, answer]) => [
    name,
    async (...parameters: unknown[]): Promise<unknown> => {
      calls.push([name, ...parameters]);
      return answer(...parameters);
    },
  ]);
  return { calls, object: Object.fromEntries(names) as Calls["object"] };
}

async function fill(
  account: Calls,
  answerLines: () => unknown,
  { filling = FILLING, text = "" } = {},
): Promise<{ store: Calls; pauseMs: unknown }> {
  const store = noted({
    release: () => undefined,
    postpone: () => undefined,
    renew: () => true,
    filled: () => false,
  });
  const env = {
    ACCOUNTS: { getByName: () => account.object },
    LINES: {
      answerLines: async (_request: unknown, _lines: unknown, answers: WritableStream) => {
        await new Response(text).body!.pipeTo(answers);
        return answerLines();
      },
    },
  } as unknown as JobsBindings;
  const held = new HeldWork(store.object as unknown as StoreObject, "token");
  const pauseMs = await fillStore(filling, MESSAGE, held, env).catch(String);
  return { store, pauseMs };
}

function throwing(message: string): () => never {
  return () => {
    throw new Error(message);
  };
}

const turns = { beginFilling: () => 0, endFilling: () => undefined };

it("is no file's fault if the account's object does not answer", async () => {
  for (const broken of [{ get: throwing("gone") }, { beginFilling: throwing("gone") }]) {
    const { store } = await fill(noted({ ...turns, ...broken }), () => undefined);
    expect(store.calls).toEqual([["release", "token", 10_000, false]]);
  }
});

it("is no file's fault if the gateway has too much to do, and may be if it breaks down", async () => {
  const account = noted({ ...turns, get: () => ({ id: "file-1", filename: "f", bytes: 1 }) });
  const refused = { ok: false, error: { code: "overloaded", message: "busy" } };
  const overloaded = await fill(account, () => refused);
  expect(overloaded.store.calls).toEqual([["release", "token", 10_000, false]]);
  const broken = await fill(account, throwing("the isolate is gone"));
  expect(broken.store.calls).toEqual([["release", "token", 10_000, true]]);
  expect(account.calls.filter(([name]) => name === "beginFilling")).toEqual(
    account.calls.filter(([name]) => name === "endFilling").map(() => ["beginFilling", "vs_1", 2]),
  );
});

it("says of files without an answer that one of them may have broken something while others were embedded", async () => {
  const account = noted({ ...turns, get: (id) => ({ id, filename: "f", bytes: 1 }) });
  const body = { error: { code: "invalid_image", message: "no picture" } };
  const text = `${String.fromCharCode(OUTPUT)}${JSON.stringify({ custom_id: "file-1", response: { body } })}\n`;
  const filling = { ...FILLING, fileIds: ["file-1", "file-2"] };
  const answered = { completed: 1, failed: 0, left: [1], isOverloaded: false, isBroken: true };
  for (const [changes, isRestBroken] of [
    [{}, true],
    [{ isOverloaded: true }, false],
    [{ isBroken: false }, false],
    // What comes from the cache says nothing of the tower.
    [{ usage: [{ images: 1, cachedImages: 1 }] }, false],
  ] as const) {
    const value = { ...answered, usage: [{ images: 1, cachedImages: 0 }], ...changes };
    const { store } = await fill(account, () => ({ ok: true, value }), { filling, text });
    const result = expect.objectContaining({ fileId: "file-1" });
    expect(store.calls).toEqual([["filled", "token", [result], expect.any(Number), isRestBroken]]);
  }
});

it("waits while other stores of the account have their turn", async () => {
  const account = noted({ ...turns, beginFilling: () => 30_000 });
  const { store, pauseMs } = await fill(account, throwing("not called"));
  expect(store.calls).toEqual([["postpone", "token", 30_000]]);
  expect(pauseMs).toBe(30_000);
  expect(account.calls).toEqual([["beginFilling", "vs_1", 2]]);
});
