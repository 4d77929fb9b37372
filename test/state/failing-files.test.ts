/** Which files of a file batch fail when the service does: those that are the reason, and no other. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { ask, ending, made, MAX_PICTURES, row, starting, take } from "./ask-store.ts";

beforeAll(starting);
afterAll(ending);

async function filling(files: readonly string[]): Promise<string> {
  const store = await made();
  const batch = {
    id: "b",
    keyId: null,
    tier: "free",
    files: files.map((fileId) => ({ fileId, attributes: {} })),
  };
  await ask(store, "createBatch", batch, MAX_PICTURES);
  return store;
}

const ready = (fileId: string): object => ({ fileId, filename: "n.png", bytes: 5, result: row(3) });
const missing = (fileId: string): object => ({
  ...ready(fileId),
  result: { code: "invalid_file", message: "no file" },
});

/** Takes work, which comes to nothing. @returns its files */
async function fail(store: string): Promise<string[]> {
  const { token, filling: work } = await take(store);
  await ask(store, "release", token, 0, true);
  return work.fileIds;
}

const countsOf = async (store: string): Promise<Record<string, number>> => (await ask(store, "facts")).counts;

it("marks no file as failed while nothing is embedded, whoever is to blame", async () => {
  const store = await filling(["a", "b"]);
  const lent: string[][] = [];
  for (let times = 0; times < 41; times++) lent.push(await fail(store));
  expect(lent.slice(0, 7)).toEqual([["a", "b"], ["a", "b"], ["a", "b"], ["a"], ["b"], ["a"], ["b"]]);
  expect(await countsOf(store)).toMatchObject({ in_progress: 2, failed: 0 });
  // A file that is not there says nothing of the towers.
  await ask(
    store,
    "createBatch",
    { id: "c", keyId: null, tier: "free", files: [{ fileId: "x", attributes: {} }] },
    MAX_PICTURES,
  );
  const work = await take(store);
  expect(work.filling.fileIds).toEqual(["x"]);
  await ask(store, "filled", work.token, [missing("x")], 0);
  for (let times = 0; times < 40; times++) await fail(store);
  expect(await countsOf(store)).toMatchObject({ in_progress: 2, failed: 1 });
  for (const file of ["a", "b"]) {
    const { token, filling: last } = await take(store);
    expect(last.fileIds).toEqual([file]);
    await ask(store, "filled", token, [ready(file)], 0);
  }
  expect(await countsOf(store)).toMatchObject({ in_progress: 0, completed: 2, failed: 1 });
});

it("fails a file on which the service fails each time, after the others", async () => {
  const files = Array.from({ length: 40 }, (_, index) => `f${index}`);
  const store = await filling(files);
  const alone: string[] = [];
  let failures = 0;
  for (;;) {
    const work = await take(store);
    if (work.kind === "none") break;
    const { fileIds, tries } = work.filling;
    if (!fileIds.includes("f0")) {
      await ask(store, "filled", work.token, fileIds.map(ready), 0);
      continue;
    }
    expect(tries).toBeLessThan(6);
    if (fileIds.length === 1) alone.push(...fileIds);
    await ask(store, "release", work.token, 0, true);
    failures++;
  }
  // Once before the others were filled, then five times.
  expect([failures, alone.length]).toEqual([3 + 6, 6]);
  expect((await ask(store, "picture", "f0")).lastError.code).toBe("server_error");
  expect(await countsOf(store)).toMatchObject({ in_progress: 0, completed: 39, failed: 1 });
});

it("fills the others of a batch of which many files fail each time, and fails those", async () => {
  const files = Array.from({ length: 40 }, (_, index) => `f${index}`);
  const broken = new Set(files.slice(0, 32));
  const store = await filling(files);
  const [filledAt, failedAt]: [number[], number[]] = [[], []];
  for (let takes = 1; takes < 400; takes++) {
    const work = await take(store);
    if (work.kind === "none") break;
    const { fileIds } = work.filling;
    if (fileIds.some((file: string) => broken.has(file))) await ask(store, "release", work.token, 0, true);
    else {
      await ask(store, "filled", work.token, fileIds.map(ready), 0);
      filledAt.push(takes);
    }
    if (failedAt.length === 0 && (await countsOf(store))["failed"] === 1) failedAt.push(takes);
  }
  expect(filledAt).toHaveLength(8);
  expect(filledAt.at(-1)).toBeLessThan(60);
  expect(failedAt[0]).toBeLessThan(200);
  expect(await countsOf(store)).toMatchObject({ in_progress: 0, completed: 8, failed: 32 });
});

it("tries another file as often as suspects while nothing is embedded, however many they are", async () => {
  const store = await filling(Array.from({ length: 40 }, (_, index) => `f${index}`));
  for (let times = 0; times < 3 + 32; times++) await fail(store);
  const lent: string[][] = [];
  for (let times = 0; times < 4; times++) {
    // Work that had to wait for its turn is lent again.
    const { token, filling: work } = await take(store);
    await ask(store, "postpone", token, 0);
    expect(await fail(store)).toEqual(work.fileIds);
    lent.push(work.fileIds);
  }
  expect(lent).toEqual([["f0"], ["f32"], ["f1"], ["f33"]]);
  expect(await countsOf(store)).toMatchObject({ in_progress: 40, failed: 0 });
});

it("fails a file that broke a call in which others were embedded", async () => {
  const store = await filling(["p", "a"]);
  const { token, filling: first } = await take(store);
  expect(first.fileIds).toEqual(["p", "a"]);
  await ask(store, "filled", token, [ready("a")], 0, true);
  for (let times = 0; times < 5; times++) expect(await fail(store)).toEqual(["p"]);
  expect(await countsOf(store)).toMatchObject({ in_progress: 0, completed: 1, failed: 1 });
});

it("does not suspect a file that was left out for another reason, or as others were no pictures", async () => {
  for (const [result, isRestBroken] of [
    [ready("a"), false],
    [missing("a"), true],
  ] as const) {
    const store = await filling(["p", "a"]);
    await ask(store, "filled", (await take(store)).token, [result], 0, isRestBroken);
    for (let times = 0; times < 20; times++) expect(await fail(store)).toEqual(["p"]);
    expect(await countsOf(store)).toMatchObject({ in_progress: 1 });
  }
});

it("fails a file that is all that there is, after a day of failures", async () => {
  const store = await filling(["a"]);
  for (let times = 0; times < 200; times++) expect(await fail(store)).toEqual(["a"]);
  expect(await countsOf(store)).toMatchObject({ in_progress: 1, failed: 0 });
  const path = "$.suspects[0].failedAt";
  const [{ failedAt }] = await ask(
    store,
    "query",
    "SELECT json_extract(record, ?) AS failedAt FROM store",
    path,
  );
  expect(Math.abs(Date.now() - failedAt)).toBeLessThan(60_000);
  const older = (milliseconds: number): Promise<unknown> =>
    ask(store, "query", "UPDATE store SET record = json_set(record, ?, ?)", path, failedAt - milliseconds);
  await older(86_400_000 - 120_000);
  await fail(store);
  expect(await countsOf(store)).toMatchObject({ in_progress: 1, failed: 0 });
  await older(86_400_000);
  await fail(store);
  expect(await countsOf(store)).toMatchObject({ in_progress: 0, failed: 1 });
});

it("does not blame a file for what was too much to do, or for a turn that it had to wait for", async () => {
  const store = await filling(["a", "b"]);
  for (let times = 0; times < 4; times++) {
    const { token, filling: work } = await take(store);
    expect(work).toMatchObject({ fileIds: ["a", "b"], tries: times });
    await ask(store, "release", token, 0);
  }
  for (let times = 0; times < 4; times++) {
    const { token, filling: work } = await take(store);
    expect(work).toMatchObject({ fileIds: ["a", "b"], tries: 4 });
    await ask(store, "postpone", token, 0);
  }
  const { token } = await take(store);
  await ask(store, "postpone", token, 30_000);
  expect(await take(store, "again", 2)).toMatchObject({ kind: "wait" });
  // A segment is written meanwhile.
  const pictures = Array.from({ length: 1_000 }, (_, index) => ({
    fileId: `p${index}`,
    filename: "p",
    bytes: 1,
    attributes: {},
    row: row(1),
  }));
  await ask(store, "add", pictures, MAX_PICTURES);
  const more = pictures.slice(0, 24).map((picture, index) => ({ ...picture, fileId: `q${index}` }));
  expect(await ask(store, "add", more, MAX_PICTURES)).toMatchObject({ mayCompact: true });
  expect((await take(store)).kind).toBe("compact");
});
