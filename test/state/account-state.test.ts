/**
 * An account's object: its tables, brought up to date from every version that they have had, and what it hands to the
 * sweep.
 */
import type { Miniflare } from "miniflare";
import { afterAll, beforeAll, expect, it } from "vitest";
import { askObject } from "../support/ask-object.ts";
import { startObject } from "./start-object.ts";
import { ACCOUNT_MIGRATIONS } from "../../functions/state/account/account-migrations.ts";

const LATEST = ACCOUNT_MIGRATIONS.length;

/**
 * Opens an object's tables at a version, or runs a statement. The second class is what is deployed, on the same
 * storage: the test has its rows read by the methods of the deployed code.
 */
const SCRIPT = `
import { AccountState as Deployed } from "./account/account-state.ts";
import { ACCOUNT_MIGRATIONS } from "./account/account-migrations.ts";
import { DurableObject } from "cloudflare:workers";
import { migrate } from "./migrate.ts";

export class Tables extends DurableObject {
  migrateTo(version, more = []) {
    return migrate(this.ctx.storage, [...ACCOUNT_MIGRATIONS, ...more].slice(0, version));
  }
  query(statement) {
    return this.ctx.storage.sql.exec(statement).toArray();
  }
  async asDeployed(method, ...parameters) {
    return await new Deployed(this.ctx, this.env)[method](...parameters);
  }
}

export default {
  async fetch(request, env) {
    const { account, method, parameters } = await request.json();
    try {
      return Response.json({ value: await env.TABLES.getByName(account)[method](...parameters) });
    } catch (error) {
      return Response.json({ error: String(error) });
    }
  },
};`;

let miniflare: Miniflare;
let url: URL;

beforeAll(async () => {
  ({ miniflare, url } = await startObject(SCRIPT, "TABLES", "Tables"));
});

afterAll(async () => {
  await miniflare.dispose();
});

// Rows of every shape.
// oxlint-disable-next-line typescript/no-explicit-any
async function ask(account: string, method: string, ...parameters: unknown[]): Promise<any> {
  return await askObject(url, { account, method, parameters });
}

const schemaOf = async (account: string): Promise<unknown> =>
  await ask(
    account,
    "query",
    "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE '_cf_%' ORDER BY name",
  );

/** A file, as version 1 had it. */
const ROWS = [
  "INSERT INTO blobs VALUES ('aaaaaaaaaaaaaaaaaaaaaaaa', 'hash', 'key', 3, 1, 1)",
  "INSERT INTO files VALUES (1, 'file-1', 'aaaaaaaaaaaaaaaaaaaaaaaa', 0, 3, 'a.png', 'vision', 1700000000, NULL, NULL)",
  "UPDATE totals SET bytes = 3, files = 1, next_position = 2",
];

it.each(Array.from({ length: LATEST }, (_, version) => version))(
  "leads from version %i to the latest",
  async (version) => {
    const account = `from ${version}`;
    expect(await ask(account, "migrateTo", version)).toBe(version);
    if (version > 0) for (const row of ROWS) await ask(account, "query", row);
    expect(await ask(account, "migrateTo", LATEST)).toBe(LATEST);
    // As a new object's.
    await ask("new", "migrateTo", LATEST);
    expect(await schemaOf(account)).toEqual(await schemaOf("new"));
    const query = { after: null, limit: 10, order: "asc", purpose: null };
    const { files } = await ask(account, "asDeployed", "list", query);
    expect(files.map(({ id }: { id: string }) => id)).toEqual(version > 0 ? ["file-1"] : []);
    const upload = {
      blob: "b".repeat(24),
      key: "AAAAAAAAAAAAAAAAAAAAAA",
      uploadId: null,
      bytes: 3,
      maxBytes: 6,
    };
    expect(await ask(account, "asDeployed", "begin", upload, false)).toBe("unmarked");
    expect(await ask(account, "asDeployed", "begin", upload, true)).toBe("begun");
    expect(await ask(account, "asDeployed", "nameSet", "animals", "ls_1", true)).toBe("named");
    expect(await ask(account, "asDeployed", "setNamed", "animals")).toBe("ls_1");
    // What was there before counts.
    const second = { ...upload, blob: "c".repeat(24), bytes: 4, maxBytes: 7 };
    expect(await ask(account, "asDeployed", "begin", second, false)).toBe(version > 0 ? "busy" : "begun");
    const third = { ...second, blob: "e".repeat(24), maxBytes: 6 };
    expect(await ask(account, "asDeployed", "begin", third, false)).toBe(version > 0 ? "full" : "busy");
  },
);

it("is done once, and leaves tables alone that are newer than the code", async () => {
  await ask("newer", "migrateTo", LATEST);
  const before = await ask("newer", "query", "SELECT * FROM migrations");
  await ask("newer", "migrateTo", LATEST);
  expect(await ask("newer", "query", "SELECT * FROM migrations")).toEqual(before);
  const later = [["ALTER TABLE files ADD COLUMN later TEXT"]];
  expect(await ask("newer", "migrateTo", LATEST + 1, later)).toBe(LATEST + 1);
  for (const row of ROWS.filter((each) => !each.startsWith("INSERT INTO files")))
    await ask("newer", "query", row);
  await ask("newer", "query", ROWS[1]?.replace("NULL)", "NULL, 'new')") ?? "");
  const query = { after: null, limit: 10, order: "asc", purpose: null };
  expect((await ask("newer", "asDeployed", "list", query)).files).toHaveLength(1);
  const upload = {
    blob: "b".repeat(24),
    key: "AAAAAAAAAAAAAAAAAAAAAA",
    uploadId: null,
    bytes: 3,
    maxBytes: 10,
  };
  await ask("newer", "asDeployed", "begin", upload, true);
  const content = { sha256: "other", bytes: 3, filename: "b", purpose: "vision", expiresAfter: null };
  const { file } = await ask("newer", "asDeployed", "commit", upload.blob, content, true);
  expect(file.filename).toBe("b");
  expect(await ask("newer", "asDeployed", "remove", file.id)).toMatchObject({ isLast: true });
});

it("counts an account's names, and lets the known ones move", async () => {
  await ask("named", "migrateTo", LATEST);
  const many =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) " +
    "INSERT INTO set_names (name, id, changed) SELECT 'n' || i, 'ls_' || i, i FROM n";
  await ask("named", "query", many);
  expect(await ask("named", "asDeployed", "nameSet", "other", "ls_1", true)).toBe("full");
  expect(await ask("named", "asDeployed", "nameSet", "n1", "ls_2", true)).toBe("named");
  expect(await ask("named", "asDeployed", "namesOfSets", ["ls_1", "ls_2", "ls_3"])).toEqual({
    ls_2: "n1",
    ls_3: "n3",
  });
});

it("a name that waits for a set goes there when its own set is removed, or when the other is computed", async () => {
  await ask("waits", "migrateTo", LATEST);
  for (const name of ["a", "b", "c"]) {
    await ask("waits", "asDeployed", "nameSet", name, `ls_${name}`, true);
    await ask("waits", "asDeployed", "nameSet", name, "ls_next", false);
  }
  const sets = async (): Promise<unknown[]> =>
    await Promise.all(["a", "b", "c"].map((name) => ask("waits", "asDeployed", "setNamed", name)));
  expect(await sets()).toEqual(["ls_a", "ls_b", "ls_c"]);
  await ask("waits", "asDeployed", "setRemoved", "ls_a");
  expect(await sets()).toEqual(["ls_next", "ls_b", "ls_c"]);
  // Given again meanwhile: the last one counts.
  await ask("waits", "asDeployed", "nameSet", "b", "ls_last", true);
  await ask("waits", "asDeployed", "setComputed", "ls_next");
  expect(await sets()).toEqual(["ls_next", "ls_last", "ls_next"]);
});

it("a name waits for its set in one revision, as long as that is served", async () => {
  await ask("revisions", "migrateTo", LATEST);
  await ask("revisions", "asDeployed", "nameSet", "a", "ls_a", true, "r1");
  const after = async (...computed: unknown[]): Promise<unknown> => {
    await ask("revisions", "asDeployed", "nameSet", "a", "ls_a", true, "r1");
    await ask("revisions", "asDeployed", "nameSet", "a", "ls_next", false, "r1");
    await ask("revisions", "asDeployed", "setComputed", "ls_next", ...computed);
    return await ask("revisions", "asDeployed", "setNamed", "a");
  };
  expect(await after("r2")).toBe("ls_a");
  expect(await after("r2", ["r1", "r2"])).toBe("ls_a");
  expect(await after("r1")).toBe("ls_next");
  expect(await after("r2", ["r2"])).toBe("ls_next");
  // A gateway of a former release says no revision.
  expect(await after()).toBe("ls_next");
});

it("lists at most 1,000 files a page, whatever was asked for", async () => {
  const account = "many files";
  await ask(account, "migrateTo", LATEST);
  await ask(
    account,
    "query",
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1003)
     INSERT INTO files SELECT i, 'file-' || i, 'b', i, 3, 'a.png', 'vision', 1700000000, NULL, NULL FROM n`,
  );
  // An id, of which only the position matters here: after blob, number and expiry.
  const last = Buffer.alloc(33);
  last.writeUIntBE(1000, 19, 5);
  const query = { after: null as string | null, limit: 10_000, order: "asc", purpose: null };
  const first = await ask(account, "asDeployed", "list", query);
  expect([first.files.length, first.files.at(-1).id, first.hasMore]).toEqual([1000, "file-1000", true]);
  const second = await ask(account, "asDeployed", "list", {
    ...query,
    after: `file-${last.toString("base64url")}`,
  });
  expect([second.files.length, second.hasMore]).toEqual([3, false]);
});

it("that fails changes nothing", async () => {
  await ask("broken", "migrateTo", 1);
  const before = await schemaOf("broken");
  const broken = [["CREATE TABLE half (one INTEGER)", "CREATE TABLE blobs (again INTEGER)"]];
  await expect(ask("broken", "migrateTo", LATEST + 1, broken)).rejects.toThrow("already exists");
  expect(await schemaOf("broken")).toEqual(before);
});

const byBlob = (x: { blob: string }, y: { blob: string }): number => x.blob.localeCompare(y.blob);

it("hands out what was begun and not finished, and what has expired", async () => {
  const account = "due";
  await ask(account, "migrateTo", LATEST);
  const deployed = (method: string, ...parameters: unknown[]) =>
    ask(account, "asDeployed", method, ...parameters);
  const upload = (name: string, uploadId: string | null = null) =>
    deployed(
      "begin",
      { blob: name.repeat(24), key: "AAAAAAAAAAAAAAAAAAAAAA", uploadId, bytes: 3, maxBytes: 1000 },
      true,
    );
  const content = {
    sha256: "",
    bytes: 3,
    filename: "f",
    purpose: "vision",
    expiresAfter: null as number | null,
  };
  const file = async (name: string, expiresAfter: number | null, sha256 = name): Promise<string> => {
    await upload(name);
    const { file: made } = await deployed(
      "commit",
      name.repeat(24),
      { ...content, sha256, expiresAfter },
      true,
    );
    return made.id;
  };
  const stays = await file("a", null);
  const expired = await file("b", 3600);
  // With the same bytes; and one with the bytes of one that stays.
  await file("g", 3600, "b");
  await file("h", 3600, "a");
  const halfRemoved = await file("c", null);
  await deployed("remove", halfRemoved);
  await upload("d", "an upload of R2");
  await upload("e");
  await deployed("abandon", "e".repeat(24));
  await upload("f");
  expect(await deployed("due", 10)).toEqual({ removals: [], uploads: [], hasMore: false });

  // A quarter of an hour later; one of the uploads is alive.
  for (const statement of [
    "UPDATE files SET expires_at = expires_at - 4000",
    "UPDATE files SET removing = removing - 4000",
    "UPDATE uploads SET begun_at = begun_at - 1000, abandoned = abandoned - 1000",
  ]) {
    await ask(account, "query", statement);
  }
  expect(await deployed("touch", "f".repeat(24))).toBe(true);
  // As many as were asked for: there may be more.
  const due = await deployed("due", 4);
  expect(due.hasMore).toBe(true);
  expect(due.removals.toSorted(byBlob)).toEqual([
    { blob: "a".repeat(24), numbers: [1], isLast: false },
    { blob: "b".repeat(24), numbers: [0, 1], isLast: true },
    { blob: "c".repeat(24), numbers: [0], isLast: true },
  ]);
  expect(due.uploads).toEqual([
    { blob: "d".repeat(24), uploadId: "an upload of R2" },
    { blob: "e".repeat(24), uploadId: null },
    { blob: "g".repeat(24), uploadId: null },
    { blob: "h".repeat(24), uploadId: null },
  ]);
  // Whoever comes so late makes no file any more.
  expect(await deployed("touch", "d".repeat(24))).toBe(false);
  expect((await deployed("commit", "d".repeat(24), { ...content, sha256: "d" }, true)) ?? null).toBeNull();
  // A client's own removal of one of them knows of the other.
  expect((await deployed("remove", expired)).numbers).toEqual([0, 1]);

  await deployed("removed", due.removals);
  // Said twice, it counts once.
  await deployed("removed", due.removals);
  for (const { blob } of due.uploads) await deployed("ended", blob);
  await deployed("ended", "f".repeat(24));
  expect(await deployed("due", 10)).toEqual({ removals: [], uploads: [], hasMore: false });
  const { files } = await deployed("list", { after: null, limit: 10, order: "asc", purpose: null });
  expect(files.map(({ id }: { id: string }) => id)).toEqual([stays]);
  expect(await ask(account, "query", "SELECT bytes, files FROM totals")).toEqual([{ bytes: 3, files: 1 }]);
});

it("takes back a file whose upload was given up without hearing of it", async () => {
  const account = "lost answers";
  await ask(account, "migrateTo", LATEST);
  const deployed = (method: string, ...parameters: unknown[]) =>
    ask(account, "asDeployed", method, ...parameters);
  const begin = (name: string) =>
    deployed(
      "begin",
      { blob: name.repeat(24), key: "AAAAAAAAAAAAAAAAAAAAAA", uploadId: null, bytes: 3, maxBytes: 100 },
      true,
    );
  const content = { sha256: "same", bytes: 3, filename: "f", purpose: "vision", expiresAfter: null };
  await begin("a");
  const first = await deployed("commit", "a".repeat(24), content, true);
  await begin("b");
  const second = await deployed("commit", "b".repeat(24), content, false);
  expect([first.isDuplicate, second.isDuplicate]).toEqual([false, true]);
  // The bytes of the first are the second's as well: they stay.
  expect(await deployed("abandon", "a".repeat(24))).toEqual({
    mayClear: false,
    removal: { blob: "a".repeat(24), numbers: [0], isLast: false },
  });
  expect(await deployed("abandon", "b".repeat(24))).toEqual({
    mayClear: true,
    removal: { blob: "a".repeat(24), numbers: [1, 0], isLast: true },
  });
  // One of which the object never heard.
  expect(await deployed("abandon", "c".repeat(24))).toEqual({ mayClear: true });
});

it("knows the order of batches, and how many are not over", async () => {
  const batches = "batches";
  await ask(batches, "migrateTo", LATEST);
  const add = (id: string): Promise<unknown> => ask(batches, "asDeployed", "addBatch", id, 2);
  expect([await add("a"), await add("b"), await add("c")]).toEqual([true, true, false]);
  // Whoever did not hear the answer asks again.
  expect(await add("b")).toBe(true);
  await ask(batches, "asDeployed", "batchOver", "a", 2);
  expect([await add("c"), await add("d")]).toEqual([true, false]);
  await ask(batches, "asDeployed", "forgetBatch", "c");
  expect(await add("d")).toBe(true);
  const list = (after: string | null, limit: number): Promise<unknown> =>
    ask(batches, "asDeployed", "listBatches", after, limit);
  expect(await list(null, 2)).toEqual({ ids: ["d", "b"], hasMore: true });
  expect(await list("b", 2)).toEqual({ ids: ["a"], hasMore: false });
  expect(await list("x", 2)).toBeUndefined();
  await ask(batches, "query", "UPDATE batches SET created_at = 1 WHERE id IN ('a', 'b')");
  await ask(batches, "asDeployed", "batchOver", "d", 2);
  expect(await add("e")).toBe(true);
  expect(await list(null, 10)).toEqual({ ids: ["e", "d"], hasMore: false });
});

it("shows vector stores that are made after the newest was deleted on the page after it", async () => {
  const stores = "pages of stores";
  await ask(stores, "migrateTo", LATEST);
  const deployed = (method: string, ...parameters: unknown[]) =>
    ask(stores, "asDeployed", method, ...parameters);
  const after = async (id: string): Promise<string[]> =>
    (await deployed("listStores", { after: id, before: null, limit: 10, order: "asc" })).ids;
  for (const id of ["a", "b"]) await deployed("addStore", id, 100);
  await deployed("forgetStore", "b");
  await deployed("addStore", "c", 100);
  expect([await after("b"), await after("a")]).toEqual([["c"], ["c"]]);
  for (const id of ["a", "c"]) await deployed("forgetStore", id);
  await deployed("addStore", "d", 100);
  expect([await after("b"), await after("c")]).toEqual([["d"], ["d"]]);
});

it("lets two batches begin at once, the oldest first, and says which one is next", async () => {
  const turns = "turns";
  await ask(turns, "migrateTo", LATEST);
  for (const id of ["a", "b", "c", "d", "e"]) await ask(turns, "asDeployed", "addBatch", id, 100);
  const begin = async (): Promise<string[]> => {
    const ids: string[] = [];
    for (const id of ["a", "b", "c", "d", "e"]) {
      if (await ask(turns, "asDeployed", "mayBegin", id, 2)) ids.push(id);
    }
    return ids;
  };
  const over = (id: string): Promise<unknown> => ask(turns, "asDeployed", "batchOver", id, 2);
  expect(await begin()).toEqual(["a", "b"]);
  // One that waits makes no room.
  expect(await over("d")).toEqual([]);
  expect(await over("a")).toEqual(["c"]);
  // Whoever did not hear the answer asks again, also if another has asked meanwhile.
  expect(await over("a")).toEqual(["c"]);
  expect(await over("b")).toEqual(["c", "e"]);
  expect(await ask(turns, "asDeployed", "mayBegin", "c", 2)).toBe(true);
  expect(await over("a")).toEqual(["e"]);
  expect(await ask(turns, "asDeployed", "mayBegin", "e", 2)).toBe(true);
  expect(await over("c")).toEqual([]);
});

it("counts the answers of batches that are not over among what the account stores", async () => {
  const stores = "stores";
  await ask(stores, "migrateTo", LATEST);
  for (const id of ["a", "b"]) await ask(stores, "asDeployed", "addBatch", id, 100);
  const store = (id: string, bytes: number): Promise<unknown> =>
    ask(stores, "asDeployed", "storeAnswers", id, bytes, 1_000);
  expect([await store("a", 600), await store("b", 400), await store("b", 401)]).toEqual([true, true, false]);
  const upload = { key: "k".repeat(24), uploadId: null, maxBytes: 1_100 };
  const begin = (blob: string, bytes: number): Promise<unknown> =>
    ask(stores, "asDeployed", "begin", { ...upload, blob, bytes }, true);
  expect([await begin("a".repeat(24), 100), await begin("b".repeat(24), 99)]).toEqual(["full", "begun"]);
  await ask(stores, "asDeployed", "batchOver", "a", 2);
  expect([await store("a", 600), await store("b", 1_000)]).toEqual([true, true]);
});

it("lets files of two vector stores be embedded at once, each for one piece of work", async () => {
  const filling = "filling";
  await ask(filling, "migrateTo", LATEST);
  const begin = async (id: string): Promise<boolean> =>
    (await ask(filling, "asDeployed", "beginFilling", id, 2)) === 0;
  // Whoever did not hear the answer, or died, asks again.
  const asked = ["a", "b", "c", "a", "b", "c"];
  const begun: boolean[] = [];
  for (const id of asked) begun.push(await begin(id));
  expect(begun).toEqual([true, true, false, true, true, false]);
  await ask(filling, "asDeployed", "endFilling", "a");
  await ask(filling, "asDeployed", "endFilling", "a");
  expect([await begin("c"), await begin("a")]).toEqual([true, false]);
  // Nobody ends the turn of a store whose consumer was lost.
  await ask(filling, "query", "UPDATE filling_stores SET until = 1 WHERE id = 'b'");
  expect([await begin("a"), await begin("b")]).toEqual([true, false]);
});
