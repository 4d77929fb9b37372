/** The claim of a label set, with a real local R2. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { abandonChain, beginChain, takeTurn, Turn } from "../../functions/label-sets/builds/build-claim.ts";
import { SetStore } from "../../functions/label-sets/set-store.ts";
import { useLocalSets } from "./support/local-sets.ts";

const REVISION = "0123456789abcdef";

const bucket = useLocalSets();
let ids = 0;

afterEach(() => {
  vi.restoreAllMocks();
});

const newId = (): string => `ls_${String(++ids).padStart(32, "0")}`;

function later(milliseconds: number): void {
  const now = Date.now() + milliseconds;
  vi.spyOn(Date, "now").mockReturnValue(now);
}

async function begin(): Promise<{ store: SetStore; id: string; turn: string }> {
  const [store, id] = [new SetStore(bucket()), newId()];
  const turn = await beginChain(store, id, REVISION);
  if (turn === undefined) throw new Error("the chain was not begun");
  return { store, id, turn };
}

async function take(store: SetStore, id: string, turn: string): Promise<Turn> {
  const held = await takeTurn(store, id, REVISION, turn);
  if (!(held instanceof Turn)) throw new Error(JSON.stringify(held));
  return held;
}

describe("a chain", () => {
  it("is begun by one request, even if many ask at once", async () => {
    const [store, id] = [new SetStore(bucket()), newId()];
    const begun = await Promise.all(Array.from({ length: 8 }, () => beginChain(store, id, REVISION)));
    expect(begun.filter((turn) => turn !== undefined)).toHaveLength(1);
  });

  it("is resumed with the same turn once it has stopped, and not before", async () => {
    const { store, id, turn } = await begin();
    later(110_000);
    expect(await beginChain(store, id, REVISION)).toBeUndefined();
    later(20_000);
    expect(await beginChain(store, id, REVISION)).toBe(turn);
  });

  it("is not blocked by a claim from a clock that was a day ahead", async () => {
    later(24 * 3600_000);
    const { store, id, turn } = await begin();
    await take(store, id, turn);
    vi.restoreAllMocks();
    expect(await beginChain(store, id, REVISION)).toBe(turn);
    later(24 * 3600_000);
    await take(store, id, turn);
    vi.restoreAllMocks();
    await take(store, id, turn);
  });

  it("is resumed at once if its message could not be sent", async () => {
    const { store, id, turn } = await begin();
    await abandonChain(store, id, REVISION);
    expect(await beginChain(store, id, REVISION)).toBe(turn);
  });
});

describe("a turn", () => {
  it("is held by one consumer", async () => {
    const { store, id, turn } = await begin();
    const taken = await Promise.all([1, 2, 3].map(() => takeTurn(store, id, REVISION, turn)));
    expect(taken.filter((each) => each instanceof Turn)).toHaveLength(1);
    expect(taken.filter((each) => !(each instanceof Turn) && each !== "over")).toHaveLength(2);
  });

  it("may be taken again when its holder showed no sign of life for the length of a lease", async () => {
    const { store, id, turn } = await begin();
    const first = await take(store, id, turn);
    expect(await takeTurn(store, id, REVISION, turn)).toHaveProperty("waitMs");
    later(46_000);
    const second = await take(store, id, turn);
    expect(second.next).toBe(first.next);
    later(11_000);
    expect(await first.renew()).toBe(false);
    expect(await second.renew()).toBe(true);
  });

  it("is over once the next is taken", async () => {
    const { store, id, turn } = await begin();
    const { next } = await take(store, id, turn);
    await take(store, id, next);
    expect(await takeTurn(store, id, REVISION, turn)).toBe("over");
    expect(await takeTurn(store, id, REVISION, "nobody's")).toBe("over");
  });

  it("may be taken at once when it was given back", async () => {
    const { store, id, turn } = await begin();
    await (await take(store, id, turn)).release(0);
    expect(await takeTurn(store, id, REVISION, turn)).toBeInstanceOf(Turn);
  });

  it("begins again when its claim was removed with a set that was then created again", async () => {
    const { store, id, turn } = await begin();
    await store.claims.remove(id, REVISION);
    const held = await take(store, id, turn);
    expect(await takeTurn(store, id, REVISION, "nobody's")).toBe("over");
    expect(await beginChain(store, id, REVISION)).toBeUndefined();
    await take(store, id, held.next);
  });

  it("is lost when its set is deleted", async () => {
    const { store, id, turn } = await begin();
    const held = await take(store, id, turn);
    await store.remove("a", id);
    later(11_000);
    expect(await held.renew()).toBe(false);
  });

  it("is not lost if only the answer to a write is lost", async () => {
    let isDeaf = false;
    const deaf = new Proxy(bucket(), {
      get: (target, name) => {
        if (name !== "put") return Reflect.get(target, name).bind(target);
        return async (...parameters: Parameters<R2Bucket["put"]>) => {
          const written = await target.put(...parameters);
          if (isDeaf) throw new Error("no answer");
          return written;
        };
      },
    });
    const store = new SetStore(deaf);
    const id = newId();
    const held = await take(store, id, String(await beginChain(store, id, REVISION)));
    isDeaf = true;
    later(11_000);
    expect(await held.renew()).toBe(true);
    isDeaf = false;
    later(11_000);
    expect(await held.renew()).toBe(true);
    expect(held.isLost).toBe(false);
  });
});
