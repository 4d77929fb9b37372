/** What the jobs Worker clears after the deletion of a set that is stored again meanwhile, with a real local R2. */
import { expect, it, vi } from "vitest";
import { buildLabels } from "../../functions/jobs/build-labels.ts";
import type { JobsBindings } from "../../functions/jobs/jobs-bindings.ts";
import { beginChain } from "../../functions/label-sets/builds/build-claim.ts";
import { MAX_TRIES } from "../../functions/label-sets/builds/build-limits.ts";
import { SetStore } from "../../functions/label-sets/set-store.ts";
import { provideScheduler } from "../../scripts/towers/provide-scheduler.ts";
import { useLocalSets } from "./support/local-sets.ts";

vi.mock("../../model-shards/clip-bpe.bin", () => ({ default: new ArrayBuffer(0) }));

const ACCOUNT = "a";
const REVISION = "0123456789abcdef";
const MODEL = `m@${REVISION}`;
const DEFINITION = { labels: [{ label: "a" }], templates: ["{}"], negative: [], min_similarity: null };

provideScheduler();
const bucket = useLocalSets();
let ids = 0;

const newId = (): string => `ls_${String(++ids).padStart(32, "0")}`;

/** As a request does that stores a set with examples. */
async function storeSet(id: string): Promise<void> {
  const store = new SetStore(bucket());
  const { templates } = DEFINITION;
  const summary = {
    id,
    account: ACCOUNT,
    name: null,
    labels: 1,
    examples: 1,
    prompts: 1,
    templates,
    created_at: 1,
  };
  await store.create(summary, DEFINITION);
  await store.examples.put(id, REVISION, Float32Array.of(1, 0));
  await store.plans.make(id, DEFINITION);
}

/** Delivers a message of the set. @returns what the account's object was asked */
async function deliver(id: string, sets: R2Bucket, attempts = 1, turn = "turn"): Promise<string[]> {
  const asked: string[] = [];
  const object = {
    beginTurn: async () => {
      asked.push("beginTurn");
      return { mayBegin: true, others: [] };
    },
    dropMessage: async () => {
      asked.push("dropMessage");
      return [];
    },
    endTurn: async (_build: object, after: string) => {
      asked.push(`endTurn ${after}`);
      return { isOwn: true, messages: [] };
    },
  };
  const env = { SETS: sets, ACCOUNTS: { getByName: () => object } } as unknown as JobsBindings;
  const message = {
    id: "message",
    attempts,
    body: { account: ACCOUNT, id, model: MODEL, turn },
    ack: () => asked.push("ack"),
    retry: () => asked.push("retry"),
  };
  await buildLabels(message as unknown as Message, env, {
    waitUntil: () => {},
  } as unknown as ExecutionContext);
  return asked;
}

it("keeps the examples of a set that is stored again once its summary was not found", async () => {
  const id = newId();
  let isStored = false;
  const pausing = new Proxy(bucket(), {
    get: (target, name: keyof R2Bucket) =>
      name === "get"
        ? async (key: string) => {
            const found = await target.get(key);
            if (!isStored && key.startsWith("accounts/")) {
              isStored = true;
              await storeSet(id);
            }
            return found;
          }
        : target[name].bind(target),
  });
  const asked = await deliver(id, pausing);
  expect(isStored).toBe(true);
  const store = new SetStore(bucket());
  expect(await store.examples.get(id, REVISION)).toEqual(Float32Array.of(1, 0));
  expect(await store.plans.get(id, false)).toBeDefined();
  // It has a message of its own.
  expect(asked).toEqual(["dropMessage", "ack"]);
});

it("clears what is left of a set that stays deleted", async () => {
  const id = newId();
  await storeSet(id);
  await bucket().delete([`accounts/${ACCOUNT}/${id}`, `definitions/${id}`]);
  await bucket().put(`open-builds/${ACCOUNT}/${id}:${MODEL}`, "");
  expect(await deliver(id, bucket())).toEqual(["endTurn over", "ack"]);
  const { objects } = await bucket().list();
  expect(objects.filter(({ key }) => key.includes(id))).toEqual([]);
});

it("gives a set up whose message came too often without a word of those who worked on it", async () => {
  const id = newId();
  await storeSet(id);
  await bucket().put(`open-builds/${ACCOUNT}/${id}:${MODEL}`, "");
  expect(await deliver(id, bucket(), MAX_TRIES + 1)).toEqual(["endTurn over", "ack"]);
  expect((await bucket().list({ prefix: "open-builds/" })).objects).toEqual([]);
});

it("computes a set that is stored again as soon as it was given up", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const store = new SetStore(bucket());
  // The last attempt fails, because there is no model; or nobody lived to say so.
  for (const attempts of [MAX_TRIES, MAX_TRIES + 1]) {
    const id = newId();
    await storeSet(id);
    const turn = await beginChain(store, id, REVISION);
    expect(await beginChain(store, id, REVISION)).toBeUndefined();
    const asked = await deliver(id, bucket(), attempts, turn);
    expect(asked.slice(-2)).toEqual(["endTurn over", "ack"]);
    expect(await beginChain(store, id, REVISION)).toBe(turn);
  }
});

it("gives a set up whose summary stays damaged, and leaves nothing for the sweep to send", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const id = newId();
  await storeSet(id);
  await bucket().put(`accounts/${ACCOUNT}/${id}`, "{");
  await bucket().put(`open-builds/${ACCOUNT}/${id}:${MODEL}`, "");
  expect(await deliver(id, bucket(), MAX_TRIES - 1)).toEqual(["retry"]);
  expect(await deliver(id, bucket(), MAX_TRIES)).toEqual(["endTurn over", "ack"]);
  expect((await bucket().list({ prefix: "open-builds/" })).objects).toEqual([]);
});
