/** Which files of a file batch fail when the service does: those that are the reason, and no other. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { ask, ending, made, MOST, row, starting, take } from "./ask-store.ts";

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
  await ask(store, "createBatch", batch, MOST);
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
    MOST,
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

it("fails a file that is all that there is, after a day of failures", async () => {
  const store = await filling(["a"]);
  for (let times = 0; times < 149; times++) expect(await fail(store)).toEqual(["a"]);
  expect(await countsOf(store)).toMatchObject({ in_progress: 1, failed: 0 });
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
  await ask(store, "add", pictures, MOST);
  const more = pictures.slice(0, 24).map((picture, index) => ({ ...picture, fileId: `q${index}` }));
  expect(await ask(store, "add", more, MOST)).toMatchObject({ mayCompact: true });
  expect((await take(store)).kind).toBe("compact");
});
