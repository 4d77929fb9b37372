/** What an isolate knows of stores: searches ask together, and wait for room. */
import { scheduler } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { type AskView, StoreViews } from "../../functions/search/store-view.ts";
import type { KnownView, OpenRow, StoreView } from "../../functions/vector-stores/store-state-rpc.ts";
import { happens } from "../support/eventually.ts";
import { provideScheduler } from "../../scripts/towers/provide-scheduler.ts";

const WIDTH = 640;
const LIVE = new AbortController().signal;

provideScheduler();

afterEach(() => {
  vi.useRealTimers();
});

/** With attributes of 1 KB. */
function rowOf(number: number): OpenRow {
  const attributes = { text: `${number}`.padEnd(1_000, "x") };
  return { number, row: { ints: new Int8Array(WIDTH), scale: 1 }, attributes };
}

/** A store with rows that are in no segment, whose object takes a moment. */
class Store {
  rows: number;
  asked = 0;
  asking = 0;
  mostAsking = 0;

  constructor(rows: number) {
    this.rows = rows;
  }

  readonly ask: AskView = async (known: KnownView | null) => {
    this.asked++;
    this.mostAsking = Math.max(this.mostAsking, ++this.asking);
    const { rows } = this;
    await scheduler.wait(20);
    this.asking--;
    if (known?.version === rows) return "same";
    const above = known?.number ?? 0;
    if (known !== null && rows - above > known.most) return "more";
    const live = Uint32Array.from({ length: rows }, (_, i) => i + 1);
    const added = [...live.subarray(above)].map(rowOf);
    return { version: rows, model: "demo@1", width: WIDTH, segments: [], live, added } satisfies StoreView;
  };
}

/** Rows that a search sees. */
async function seen(views: StoreViews, name: string, store: Store): Promise<number> {
  return await views.use(name, store.ask, LIVE, async (view) => {
    if (typeof view !== "object") throw new Error("no view");
    return view.open.reduce((sum, { page }) => sum + page.rows, 0);
  });
}

test("one search asks a store for all that wait, and each sees what was there when it came", async () => {
  const views = new StoreViews();
  const store = new Store(100);
  const first = seen(views, "a", store);
  await scheduler.wait(1);
  store.rows = 110;
  const later = Array.from({ length: 15 }, () => seen(views, "a", store));
  expect(await first).toBe(100);
  expect(await Promise.all(later)).toEqual(Array.from({ length: 15 }, () => 110));
  expect(store).toMatchObject({ asked: 2, mostAsking: 1 });
});

test("searches wait while those under way hold as much as there is room for", async () => {
  const views = new StoreViews();
  let held = 0;
  let most = 0;
  const names = Array.from({ length: 8 }, (_, i) => `s${i}`);
  await Promise.all(
    names.map(async (name) => {
      await views.use(name, new Store(2_048).ask, LIVE, async () => {
        most = Math.max(most, ++held);
        await scheduler.wait(50);
        held--;
      });
    }),
  );
  // Each has about 3.5 MB.
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(4);
});

test("what changed since is told whole if it is much", async () => {
  const views = new StoreViews();
  const store = new Store(10);
  expect(await seen(views, "a", store)).toBe(10);
  store.rows = 2_000;
  expect(await seen(views, "a", store)).toBe(2_000);
  expect(store.asked).toBe(3);
});

/** Asks an object that never answers. */
const hung: AskView = async () => await new Promise(() => {});

test("a search that waits for room ends when its time is over", async () => {
  const views = new StoreViews();
  void views.use("a", hung, LIVE, async () => {});
  const reason = new Error("too late");
  const late = new AbortController();
  const search = views.use("a", hung, late.signal, async () => {});
  late.abort(reason);
  await expect(search).rejects.toBe(reason);
});

test("a store is known until it is gone, or until its object knows of none", async () => {
  const views = new StoreViews();
  const view: StoreView = {
    version: 7,
    model: "demo@1",
    width: WIDTH,
    segments: [{ key: "k", rows: 1, bytes: 1, sha256: "00" }],
    live: Uint32Array.of(3),
    added: [rowOf(3)],
  };
  const asked: (KnownView | null)[] = [];
  const seenFor = async (answer: StoreView | "same" | "expired" | undefined): Promise<unknown> => {
    const ask: AskView = async (known) => {
      asked.push(known);
      return answer;
    };
    return await views.use("a", ask, LIVE, async (snapshot) => snapshot);
  };
  const first = await seenFor({ ...view, added: [rowOf(3)] });
  expect(first).toMatchObject({ version: 7, model: "demo@1", width: WIDTH, segments: view.segments });
  expect(await seenFor("same")).toBe(first);
  expect(await seenFor("expired")).toBe("expired");
  await seenFor(view);
  expect(await seenFor(undefined)).toBeUndefined();
  expect(await seenFor("same")).toBeUndefined();
  const known = { version: 7, number: 3, most: 256 };
  expect(asked).toEqual([null, known, known, null, known, null]);
});

test("a store is asked again if the answer has not come for ten seconds", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const views = new StoreViews();
  void views.use("a", hung, LIVE, async () => {});
  const next = seen(views, "a", new Store(3));
  vi.setSystemTime(Date.now() + 10_000);
  expect(await happens(next)).toBe(false);
  vi.setSystemTime(Date.now() + 1);
  expect(await next).toBe(3);
});

test("a search that has not ended after thirty seconds holds no room any more", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const views = new StoreViews();
  for (const name of ["a", "b", "c", "d"]) {
    void views.use(name, new Store(2_048).ask, LIVE, async () => await new Promise(() => {}));
  }
  const next = seen(views, "e", new Store(2_048));
  expect(await happens(next)).toBe(false);
  vi.setSystemTime(Date.now() + 30_000);
  expect(await happens(next)).toBe(false);
  vi.setSystemTime(Date.now() + 1);
  expect(await next).toBe(2_048);
});
