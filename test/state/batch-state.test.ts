/** A batch's object: to whom it lends which work, whose answers count, and how a batch ends. */
import type { Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askObject } from "../support/ask-object.ts";
import { startObject } from "./start-object.ts";
import type { Answers, NewBatch, NewPart, Work } from "../../functions/batches/batch-state-rpc.ts";
import type { Taker } from "../../functions/runtime/background-work.ts";

/** The class as deployed, with a way to its rows, which a test makes older. */
const SCRIPT = `
import { BatchState as Deployed } from "./batch/batch-state.ts";

export class BatchState extends Deployed {
  query(statement) {
    return this.ctx.storage.sql.exec(statement).toArray();
  }
  wake() {
    return this.alarm();
  }
}

export default {
  async fetch(request, env) {
    const { batch, method, parameters } = await request.json();
    try {
      return Response.json({ value: await env.BATCHES.getByName(batch)[method](...parameters) });
    } catch (error) {
      return Response.json({ error: String(error) });
    }
  },
};`;

let miniflare: Miniflare;
let url: URL;

beforeAll(async () => {
  ({ miniflare, url } = await startObject(SCRIPT, "BATCHES", "BatchState"));
});

afterAll(async () => {
  await miniflare.dispose();
});

// Answers of every shape.
// oxlint-disable-next-line typescript/no-explicit-any
async function ask(batch: string, method: string, ...parameters: unknown[]): Promise<any> {
  return await askObject(url, { batch, method, parameters });
}

const made = (id: string): NewBatch => ({
  id,
  account: "a",
  keyId: null,
  tier: "public",
  endpoint: "/v1/embeddings",
  inputFile: "file-x",
  metadata: null,
  outputExpiresAfter: 3600,
  maxStored: 1e9,
});

let messages = 0;
const taker = (attempt = 1, message = `message-${messages++}`): Taker => ({ message, attempt });
const part = (offset: number, ...customIds: string[]): NewPart => ({ offset, bytes: 10, customIds });
type Lent = Extract<Work, { kind: "part" }>;
const answersTo = (number: number, left: number[] = [], outputBytes = 100): Answers => ({
  part: number,
  outputBytes,
  errorBytes: 10,
  completed: 1,
  failed: 0,
  left,
  pauseMs: 0,
});

/** A batch whose input has these parts. */
async function begun(id: string, parts: NewPart[]): Promise<void> {
  await ask(id, "create", made(id));
  const { kind, token } = await ask(id, "take", taker(), true);
  expect(kind).toBe("check");
  expect(await ask(id, "addParts", token, 1, parts)).toBe(true);
  const lines = parts.reduce((sum, { customIds }) => sum + customIds.length, 0);
  expect(await ask(id, "checked", token, lines)).toBe(true);
}

const take = async (id: string, by = taker()): Promise<Work> => (await ask(id, "take", by, true)) as Work;
const lent = async (id: string, by = taker()): Promise<Lent> => (await take(id, by)) as Lent;
/** Nothing needs to wait before it is tried again, and what happened lies a moment back. */
const soon = async (id: string): Promise<void> => {
  await ask(id, "query", "UPDATE parts SET not_before = 0, failed_at = failed_at - 10");
};
const failuresOf = async (id: string): Promise<unknown[]> =>
  (
    (await ask(id, "query", "SELECT number, failures FROM parts WHERE done = 0")) as {
      number: number;
      failures: number;
    }[]
  ).map(({ number, failures }) => [number, failures]);
const status = async (id: string): Promise<string> => (await ask(id, "get")).status;

/** Four of them, 3,000 bytes each as JSON. */
const longIds = (name: string): string[] =>
  Array.from({ length: 4 }, (_, at) => `${name}${at}`.padEnd(500, "\u0001"));

describe("a batch's object", () => {
  it("keeps nothing of a batch that nobody made", async () => {
    expect(await ask("unknown", "get")).toBeUndefined();
    expect(await take("unknown")).toEqual({ kind: "unknown" });
    expect(await ask("unknown", "cancel")).toBeUndefined();
    expect(
      await ask("unknown", "query", "SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf_%'"),
    ).toEqual([]);
  });

  it("is made once", async () => {
    const first = await ask("once", "create", made("once"));
    expect(await ask("once", "create", { ...made("once"), inputFile: "file-y" })).toEqual(first);
  });

  it("lends each part to one, two at a time, and takes the answers of whoever has it", async () => {
    await begun("lends", [part(0, "a", "b"), part(10, "c"), part(20, "d")]);
    const [one, two, none] = [await lent("lends"), await lent("lends"), await take("lends")];
    expect([one.part.number, two.part.number, none.kind]).toEqual([1, 2, "busy"]);
    expect(await ask("lends", "answered", two.token, answersTo(1))).toBe(false);
    expect(await ask("lends", "answered", one.token, answersTo(1, [1]))).toBe(true);
    // Twice is once.
    expect(await ask("lends", "answered", one.token, answersTo(1, [1]))).toBe(false);
    const rest = await lent("lends");
    expect([rest.part.number, rest.part.left, rest.part.tries]).toEqual([1, [1], 1]);
    expect(await ask("lends", "answered", rest.token, answersTo(1))).toBe(true);
    expect(await ask("lends", "renew", rest.token)).toBe(false);
    expect((await ask("lends", "get")).request_counts).toEqual({ total: 4, completed: 2, failed: 0 });
  });

  it("takes work back from a message that comes again, or whose time is over", async () => {
    await begun("again", [part(0, "a"), part(10, "b")]);
    const [one, two] = [await lent("again", taker(1, "m")), await lent("again")];
    expect((await take("again", taker(1, "m"))).kind).toBe("busy");
    const again = await lent("again", taker(2, "m"));
    expect(again.part.number).toBe(one.part.number);
    expect(await ask("again", "answered", one.token, answersTo(1))).toBe(false);
    await ask("again", "query", "UPDATE parts SET lent_until = 1 WHERE number = 2");
    const late = await lent("again");
    expect(late.part.number).toBe(2);
    expect(await ask("again", "renew", two.token)).toBe(false);
    expect(await ask("again", "renew", late.token)).toBe(true);
    await ask("again", "release", late.token, 60_000);
    const waiting = await take("again");
    expect(waiting.kind).toBe("wait");
  });

  it("takes back the check of an input whose message comes again, and replaces its parts", async () => {
    await ask("check", "create", made("check"));
    const first = await ask("check", "take", taker(1, "c"), true);
    await ask("check", "addParts", first.token, 1, [part(0, "x"), part(10, "y")]);
    expect((await take("check")).kind).toBe("busy");
    const second = await ask("check", "take", taker(2, "c"), true);
    expect(await ask("check", "addParts", first.token, 3, [part(20, "z")])).toBe(false);
    expect(await ask("check", "addParts", second.token, 1, [part(0, "x")])).toBe(true);
    expect(await ask("check", "checked", first.token, 2)).toBe(false);
    expect(await ask("check", "checked", second.token, 1)).toBe(true);
    expect(await ask("check", "query", "SELECT COUNT(*) AS count FROM parts")).toEqual([{ count: 1 }]);
  });

  it("lends the end to one, and completes", async () => {
    await begun("ends", [part(0, "a")]);
    const { token } = await lent("ends");
    await ask("ends", "answered", token, answersTo(1));
    const end = (await take("ends")) as Extract<Work, { kind: "finish" }>;
    expect(end).toMatchObject({
      kind: "finish",
      stop: null,
      isRepeated: false,
      outputBytes: 100,
      errorBytes: 10,
    });
    expect([await status("ends"), (await take("ends")).kind]).toEqual(["finalizing", "busy"]);
    expect((await ask("ends", "cancel")).status).toBe("finalizing");
    expect(await ask("ends", "results", 0, "", 10)).toEqual([
      { part: 1, token, outputBytes: 100, errorBytes: 10 },
    ]);
    await ask("ends", "release", end.token, 0);
    const again = (await take("ends")) as Extract<Work, { kind: "finish" }>;
    expect(again.isRepeated).toBe(true);
    const files = { outputFile: "file-o", errorFile: null };
    expect(await ask("ends", "finished", end.token, files)).toBeUndefined();
    expect(await ask("ends", "finished", again.token, files)).toEqual(["file-o"]);
    // A consumer that lost the end, and took the same file for its own, hears that it counts.
    expect(await ask("ends", "finished", end.token, { ...files, errorFile: "file-e" })).toEqual(["file-o"]);
    expect(await ask("ends", "get")).toMatchObject({ status: "completed", output_file_id: "file-o" });
    expect((await take("ends")).kind).toBe("over");
    await ask("ends", "wake");
    expect(await ask("ends", "get")).toBeUndefined();
  });

  it("expires after its window, whatever it was at", async () => {
    const age = "UPDATE batch SET record = json_set(record, '$.batch.expires_at', 1)";
    await ask("young", "create", made("young"));
    await ask("young", "query", age);
    const early = (await take("young")) as Extract<Work, { kind: "finish" }>;
    expect([early.kind, early.stop]).toEqual(["finish", "expired"]);
    await begun("old", [part(0, "a", "b"), part(10, "c")]);
    const { token } = await lent("old");
    await ask("old", "answered", token, answersTo(1, [1]));
    const under = await lent("old");
    await ask("old", "query", age);
    // Whoever has a part hears it, and whoever comes waits for him.
    expect((await take("old")).kind).toBe("wait");
    expect(await ask("old", "renew", under.token)).toBe(false);
    await ask("old", "release", under.token, 0);
    const end = (await take("old")) as Extract<Work, { kind: "finish" }>;
    expect([end.kind, end.stop]).toEqual(["finish", "expired"]);
    expect(await ask("old", "answered", under.token, answersTo(under.part.number))).toBe(false);
    expect(await ask("old", "unanswered", 0, 1_000)).toEqual([
      { part: 1, customIds: ["b"], isGivenUp: false },
      { part: 2, customIds: ["c"], isGivenUp: false },
    ]);
    await ask("old", "finished", end.token, { outputFile: "file-o", errorFile: "file-e" });
    const batch = await ask("old", "get");
    expect(batch).toMatchObject({ status: "expired", request_counts: { total: 3, completed: 1, failed: 2 } });
    expect(batch.expired_at).toBeGreaterThan(0);
  });

  it("lends a part that has failed after the others, and alone", async () => {
    await begun("suspects", [part(0, "a", "b"), part(10, "c"), part(20, "d")]);
    const one = await lent("suspects");
    await ask("suspects", "failed", one.token);
    await soon("suspects");
    const [two, three] = [await lent("suspects"), await lent("suspects")];
    expect([two.part.number, three.part.number]).toEqual([2, 3]);
    await ask("suspects", "answered", two.token, answersTo(2));
    // It waits for the other, and whoever comes then waits for it.
    expect((await take("suspects")).kind).toBe("wait");
    await ask("suspects", "answered", three.token, answersTo(3));
    const again = await lent("suspects");
    expect([again.part.number, again.part.left]).toEqual([1, null]);
    expect((await take("suspects")).kind).toBe("wait");
    // What is left of a part of which some lines were answered is no suspect.
    await ask("suspects", "answered", again.token, answersTo(1, [1]));
    expect(await failuresOf("suspects")).toEqual([[1, 0]]);
    await ask("suspects", "failed", again.token);
    expect(await failuresOf("suspects")).toEqual([[1, 0]]);
  });

  it("cuts a part that fails until the line that is to blame is alone, and gives that up", async () => {
    const ids = ["a", "b", "c", "d", "e"];
    await begun("cut", [part(0, ...ids), part(10, "f")]);
    let failures = 0;
    const answered = new Set<number>();
    for (;;) {
      await soon("cut");
      const work = await take("cut");
      if (work.kind !== "part") break;
      const { number, lines, left } = work.part;
      const asked = left ?? Array.from({ length: lines }, (_, at) => at);
      if (number !== 2 && asked.includes(3)) {
        failures++;
        await ask("cut", "failed", work.token);
      } else {
        if (number !== 2) for (const at of asked) answered.add(at);
        const answers = { ...answersTo(number), completed: asked.length };
        await ask("cut", "answered", work.token, answers);
      }
    }
    expect(answered).toEqual(new Set([0, 1, 2, 4]));
    // Twice as a whole, since the other part was answered meanwhile; then as half, and four times alone.
    expect(failures).toBe(2 + 1 + 4);
    expect((await ask("cut", "get")).request_counts).toEqual({ total: 6, completed: 5, failed: 1 });
    expect(await ask("cut", "unanswered", 0, 1_000)).toEqual([
      { part: expect.any(Number), customIds: ["d"], isGivenUp: true },
    ]);
  });

  it("neither cuts a part soon nor gives up a line soon while nothing of the batch is answered", async () => {
    await begun("outage", [part(0, "a", "b"), part(10, "c")]);
    const fail = async (): Promise<void> => {
      await soon("outage");
      await ask("outage", "failed", (await lent("outage")).token);
    };
    for (let count = 0; count < 6; count++) await fail();
    expect(await failuresOf("outage")).toEqual([
      [1, 3],
      [2, 3],
    ]);
    const [{ at }] = await ask("outage", "query", "SELECT MAX(not_before) AS at FROM parts");
    expect(at - Date.now()).toBeGreaterThan(15_000);
    for (let count = 0; count < 12; count++) await fail();
    expect((await ask("outage", "get")).request_counts.failed).toBe(0);
  });

  it("misses its message once, and only when none came that should have", async () => {
    const aged = (id: string): Promise<unknown> =>
      ask(id, "query", "UPDATE batch SET record = json_set(record, '$.expectedAt', 1)");
    const idle = async (id: string): Promise<boolean> => (await ask(id, "getAndRevive")).isIdle as boolean;
    await begun("running", [part(0, "a", "b"), part(10, "c")]);
    // Whatever is done for it says that its messages come, also while a part was never begun.
    await aged("running");
    const one = await lent("running");
    expect(await idle("running")).toBe(false);
    await aged("running");
    expect(await ask("running", "renew", one.token)).toBe(true);
    expect(await idle("running")).toBe(false);
    await aged("running");
    const answers = { ...answersTo(1, [1]), pauseMs: 600_000 };
    expect(await ask("running", "answered", one.token, answers)).toBe(true);
    expect(await idle("running")).toBe(false);
    const two = await lent("running");
    await aged("running");
    await ask("running", "release", two.token, 600_000);
    expect(await idle("running")).toBe(false);
    await aged("running");
    expect((await take("running")).kind).toBe("wait");
    expect(await idle("running")).toBe(false);
    await aged("running");
    expect([await idle("running"), await idle("running")]).toEqual([true, false]);
  });

  it("is checked when it is its turn, and ends without it", async () => {
    await ask("turn", "create", made("turn"));
    expect(await ask("turn", "take", taker(), false)).toEqual({ kind: "queued" });
    expect(await status("turn")).toBe("validating");
    await ask("turn", "cancel");
    expect(await ask("turn", "take", taker(), false)).toMatchObject({ kind: "finish", stop: "cancelled" });
  });

  it("tells a bounded number of unanswered ids at once", async () => {
    await begun("ids", [part(0, ...longIds("a")), part(10, ...longIds("b")), part(20, ...longIds("c"))]);
    await ask("ids", "cancel");
    const end = (await take("ids")) as Extract<Work, { kind: "finish" }>;
    expect(end.errorBytes).toBeGreaterThan(12 * 2_990);
    const numbers: number[][] = [];
    for (let after = 0; ;) {
      const page = (await ask("ids", "unanswered", after, 30_000)) as { part: number; customIds: string[] }[];
      if (page.length === 0) break;
      expect(page[0]?.customIds).toHaveLength(4);
      numbers.push(page.map((each) => each.part));
      after = page.at(-1)!.part;
    }
    expect(numbers).toEqual([[1, 2], [3]]);
    // A part that has more is told alone.
    expect(await ask("ids", "unanswered", 0, 1)).toHaveLength(1);
  });

  it("does not hear of its input from whom it took the part", async () => {
    await begun("input", [part(0, "a")]);
    const one = await lent("input", taker(1, "i"));
    const again = await lent("input", taker(2, "i"));
    await ask("input", "inputGone", one.token);
    expect(await ask("input", "renew", again.token)).toBe(true);
    await ask("input", "answered", again.token, answersTo(1));
    const end = (await take("input")) as Extract<Work, { kind: "finish" }>;
    await ask("input", "inputGone", again.token);
    await ask("input", "finished", end.token, { outputFile: "file-o", errorFile: null });
    expect(await status("input")).toBe("completed");
  });

  it("fails when its answers are too large", async () => {
    await begun("large", [part(0, "a"), part(10, "b")]);
    const { token } = await lent("large");
    await ask("large", "answered", token, answersTo(1, [], 1_000_000_001));
    const end = (await take("large")) as Extract<Work, { kind: "finish" }>;
    expect([end.kind, end.stop]).toEqual(["finish", "output_too_large"]);
    await ask("large", "finished", end.token, { outputFile: "file-o", errorFile: "file-e" });
    const batch = await ask("large", "get");
    expect([batch.status, batch.errors.data[0].code]).toEqual(["failed", "output_too_large"]);
    expect([batch.output_file_id, batch.request_counts]).toEqual([
      "file-o",
      { total: 2, completed: 1, failed: 1 },
    ]);
  });
});
