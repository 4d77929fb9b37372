/**
 * Random changes and searches by several at once, while objects and the jobs Worker are killed, R2 fails and messages
 * come twice: what was answered as added is found, what was answered as removed is not, and every score is exact.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type HostileWorkers, startHostile } from "../batches/support/hostile.ts";
import { askObject } from "../support/ask-object.ts";
import { mulberry32 } from "../support/random.ts";
import { driver } from "./support/driver.ts";
import { type Found, StoreModel } from "./support/store-model.ts";

const OPERATIONS = 2_800;
const WRITERS = 8;
/** Files of each writer. */
const FILES = 160;
const MAX_ADDED = 24;
const WIDTH = 24;
const KILLS = 8;
/**
 * Rounds of all operations: another if no search has met several segments, or nothing was killed, since all was slow.
 */
const MAX_ROUNDS = 4;
const SEED = 20261126;
const STORE = "account/vs_0123456789abcdef01234567";

let workers: HostileWorkers;
let url: URL;

beforeAll(async () => {
  workers = await startHostile([await driver()]);
  url = await workers.miniflare.unsafeGetDirectURL("driver");
});

afterAll(async () => {
  await workers.dispose();
});

/** @throws if it failed, whether or not anything has changed */
// oxlint-disable-next-line typescript/no-explicit-any
async function ask(method: string, ...parameters: unknown[]): Promise<any> {
  return await askObject(url, { store: STORE, method, parameters });
}

/** Until it is answered: every call may be repeated. */
// oxlint-disable-next-line typescript/no-explicit-any
async function insist(method: string, ...parameters: unknown[]): Promise<any> {
  for (let left = 100; ; left--) {
    try {
      const value: unknown = await ask(method, ...parameters);
      if (value !== "busy" && value !== "unattended") return value;
      await wake();
      await sleep(100);
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}

const wake = async (): Promise<void> => {
  const [account, id] = STORE.split("/");
  await ask("send", { kind: "vector-store", account, id }).catch(() => {});
};

function random(seed: number): () => number {
  const next = mulberry32(seed);
  return () => next() / 2 ** 32;
}

/** Every version has a vector of its own; one that changes attributes keeps the vector of the version before. */
const vectorOf = new Map<number, number>();
const rowOf = (vector: number): { ints: number[]; scale: number } => {
  const next = random(vector);
  return {
    ints: Array.from({ length: WIDTH }, () => Math.round(next() * 254) - 127),
    scale: Math.fround(1 / 600),
  };
};
const queryOf = (query: number): number[] => {
  const next = random(-query - 1);
  return Array.from({ length: WIDTH }, () => Math.fround(next() - 0.5));
};
function scoreOf(version: number, query: number): number {
  const { ints, scale } = rowOf(vectorOf.get(version)!);
  const values = queryOf(query);
  return values.reduce((sum, value, index) => sum + value * ints[index]!, 0) * scale;
}

const model = new StoreModel(scoreOf);
const done = { add: 0, attributes: 0, remove: 0, search: 0, searchWorker: 0, list: 0 };
const faults: string[] = [];
let versions = 0;
let mostSegments = 0;

async function add(files: string[]): Promise<void> {
  const pictures = files.map((fileId) => {
    const version = ++versions;
    vectorOf.set(version, version);
    const { ints, scale } = rowOf(version);
    const picture = {
      fileId,
      filename: "f",
      bytes: 1,
      attributes: { version },
      row: { ints: { int8: ints }, scale },
    };
    return { picture, answered: model.change(fileId, version) };
  });
  const value = (await insist(
    "add",
    pictures.map(({ picture }) => picture),
    100_000,
  )) as { mayCompact?: boolean };
  if (!("pictures" in value)) throw new Error(`not added: ${JSON.stringify(value)}`);
  for (const { answered } of pictures) answered();
  if (value.mayCompact === true) await wake();
}

async function setAttributes(fileId: string): Promise<void> {
  const version = ++versions;
  vectorOf.set(version, vectorOf.get(model.version(fileId)!)!);
  const answered = model.change(fileId, version);
  const value = (await insist("setAttributes", fileId, { version })) as object;
  if (!("pictures" in value)) throw new Error(`not changed: ${JSON.stringify(value)}`);
  answered();
}

async function remove(fileId: string): Promise<void> {
  const answered = model.change(fileId, null);
  expect(typeof (await insist("removePicture", fileId))).toBe("boolean");
  answered();
}

/** @returns how many rows were found that nobody knows any more, because they died meanwhile */
async function search(query: number, limit: number, method = "search"): Promise<number> {
  const from = model.now();
  // One that fails has told nothing.
  const answer = (await ask(method, queryOf(query), limit).catch(() => undefined)) as
    | {
        matches: { picture: { fileId: string; attributes: { version: number } }; score: number }[];
        isWhole: boolean;
        vanished: number;
        segments: number;
      }
    | undefined;
  if (answer === undefined) return 0;
  const found: Found[] = answer.matches.map(({ picture: { fileId, attributes }, score }) => ({
    fileId,
    version: attributes.version,
    score,
  }));
  faults.push(...model.faultsOfSearch(found, query, answer.isWhole, from, model.now()));
  mostSegments = Math.max(mostSegments, answer.segments);
  done[method === "search" ? "search" : "searchWorker"]++;
  return answer.vanished;
}

/** Every file that its writer knows to be there is listed, as what it may be. */
async function list(): Promise<void> {
  const from = model.now();
  const query = { after: null, before: null, limit: 5_000, order: "asc", status: null, batchId: null };
  const { pictures } = (await insist("pictures", query)) as {
    pictures: { fileId: string; attributes: { version: number } }[];
  };
  const listed = new Map(pictures.map(({ fileId, attributes }) => [fileId, attributes.version]));
  if (listed.size !== pictures.length) faults.push("a file is listed twice");
  faults.push(...model.faultsOfList(listed, from, model.now()));
  done.list++;
}

async function write(writer: number, round: number): Promise<void> {
  const next = random(SEED + round * WRITERS + writer);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!;
  const own = Array.from({ length: FILES }, (_, index) => `file-${writer}-${index}`);
  for (let operation = 0; operation < OPERATIONS / WRITERS; operation++) {
    const stored = own.filter((fileId) => model.version(fileId) !== null);
    const kind = next();
    if (kind < 0.3 || stored.length === 0) {
      const files = new Set(Array.from({ length: 1 + Math.floor(next() * MAX_ADDED) }, () => pick(own)));
      await add([...files]);
      done.add++;
    } else if (kind < 0.45) {
      await setAttributes(pick(stored));
      done.attributes++;
    } else if (kind < 0.7) {
      await remove(pick(stored));
      done.remove++;
    } else if (kind < 0.98) {
      await search(Math.floor(next() * 1e6), pick([1, 10, 50, 5_000]), pick(["search", "searchWorker"]));
    } else {
      await list();
    }
  }
}

it(
  "nothing that was answered is lost, and nothing that was removed is found",
  { timeout: 900_000 },
  async () => {
    const settings = {
      name: null,
      description: null,
      metadata: {},
      expiresAfterDays: null,
      model: "m@1",
      width: WIDTH,
    };
    const [account, id] = STORE.split("/");
    await ask("create", account, id, settings);
    let killed = 0;
    const hasMetAll = (): boolean => killed > 0 && mostSegments > 1;
    for (let round = 0; round < MAX_ROUNDS && !hasMetAll(); round++) {
      await workers.set({ failing: 0.03, kills: KILLS, copies: 2, busy: 0 });
      await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer, round)));
      killed += await workers.killed();
    }
    await workers.set({ failing: 0, kills: 0, copies: 1, busy: 0 });
    await wake();
    const vanished = (await search(7, 5_000)) + (await search(7, 5_000, "searchWorker"));
    const facts = (await ask("facts")) as { counts: { completed: number } };
    console.log(JSON.stringify({ ...done, versions, mostSegments, killed, files: model.files().length }));
    expect([faults, vanished]).toEqual([[], 0]);
    expect(facts.counts.completed).toBe(model.files().length);
    expect(killed).toBeGreaterThan(0);
    expect(mostSegments).toBeGreaterThan(1);
  },
);
